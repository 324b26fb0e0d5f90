/** What a Go client learns of a running processor over reflection and health, without any proto file of its own. */
import { join } from "node:path";
import { killRunningProcesses } from "../../test/support/process.ts";
import { startProcessor } from "../../test/support/processor.ts";
import { repositoryRoot } from "../build.ts";
import { Checks } from "./checks.ts";
import { goTool } from "./go-tool.ts";

const service = "envoy.service.ext_proc.v3.ExternalProcessor";

process.on("exit", killRunningProcesses);
const checks = new Checks();
const grpcurl = await goTool("github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.3");
await using processor = await startProcessor({
  function: { file: join(repositoryRoot, "examples", "hello", "hello.ts") },
});
const address = `127.0.0.1:${processor.port}`;

const listed = await ask([address, "list"]);
checks.equal("reflection lists the services", listed.output.trim().split("\n").sort(), [
  service,
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
]);

const described = await ask([address, "describe", service]);
checks.equal(
  "reflection describes ext_proc",
  described.output.includes(
    "rpc Process ( stream .envoy.service.ext_proc.v3.ProcessingRequest ) returns ( stream .envoy.service.ext_proc.v3.ProcessingResponse )",
  ),
  true,
);

const health = await ask(["-d", JSON.stringify({ service }), address, "grpc.health.v1.Health/Check"]);
checks.equal("health says SERVING", JSON.parse(health.output), { status: "SERVING" });

const unknown = await ask(["-d", '{"service":"no.such.Service"}', address, "grpc.health.v1.Health/Check"]);
checks.equal(
  "health of an unknown service is NotFound",
  [unknown.code !== 0, unknown.output.includes("NotFound")],
  [true, true],
);

const headers = {
  headers: {
    headers: [
      { key: ":path", raw_value: btoa("/") },
      { key: ":method", raw_value: btoa("GET") },
    ],
  },
};
const exchange = await ask(["-d", JSON.stringify({ request_headers: headers }), address, `${service}/Process`]);
checks.equal(
  "an exchange with a Go client carries the function's header",
  [exchange.code, exchange.output.includes('"key": "x-hello"'), exchange.output.includes(btoa("upstream"))],
  [0, true, true],
);

await processor[Symbol.asyncDispose]();
checks.finish();

async function ask(words: readonly string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([grpcurl, "-plaintext", "-max-time", "10", ...words], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: stdout + stderr };
}
