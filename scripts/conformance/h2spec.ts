/** The HTTP/2 conformance suite h2spec, strict, over cleartext and TLS, against a path that answers with DATA. */
import { readCertificate } from "../../test/http2/certificates.ts";
import { startConformanceServer } from "../../test/http2/served.ts";
import { Checks } from "./checks.ts";
import { goTool } from "./go-tool.ts";

const checks = new Checks();
const h2spec = await goTool("github.com/summerwind/h2spec/cmd/h2spec", "v2.2.1+incompatible");
const { certFile, keyFile } = await readCertificate("localhost");
for (const [name, serverArguments, options] of [
  ["cleartext", [], []],
  ["TLS", [certFile, keyFile], ["--tls", "--insecure"]],
] as const) {
  const server = await startConformanceServer(...serverArguments);
  const port = server.target.slice(server.target.lastIndexOf(":") + 1);
  const command = [h2spec, "--strict", "--host", "127.0.0.1", "--port", port, "--timeout", "5", ...options];
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, code] = await Promise.all([child.stdout.text(), child.exited]);
  await server.stop();
  const summary = /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/.exec(output);
  const [, tests, passed, skipped, failed] = (summary ?? []).map(Number);
  const verdict = { code, skipped, failed, complete: tests !== undefined && tests > 100 && tests === passed };
  const expected = { code: 0, skipped: 0, failed: 0, complete: true };
  if (!Bun.deepEquals(verdict, expected)) console.log(output);
  checks.equal(`h2spec --strict over ${name}: ${summary?.[0] ?? "no summary"}`, verdict, expected);
}
checks.finish();
