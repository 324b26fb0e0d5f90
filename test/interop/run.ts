/**
 * Runs the interoperability client of grpc-go against the test service and prints a table; exit code 1 when a case fails.
 * Needs Go for the first run: the client is built once, into .cache/interop.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openTestServer, portOf } from "./server.ts";

const CLIENT_PACKAGE = "google.golang.org/grpc/interop/client@v1.85.0";
const CACHE = join(import.meta.dir, "../../.cache/interop");
const CASE_TIMEOUT_MS = 20_000;

const CASES = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "cancel_after_begin",
  "cancel_after_first_response",
  "timeout_on_sleeping_server",
  "custom_metadata",
  "status_code_and_message",
  "special_status_message",
  "unimplemented_method",
  "unimplemented_service",
];

/** How one case went; `output` is what the client said when it failed. */
export interface InteropResult {
  readonly name: string;
  readonly passed: boolean;
  readonly ms: number;
  readonly output: string;
}

/** Runs all cases, one after the other. Rejects when the client cannot be built. */
export async function runInteropCases(): Promise<readonly InteropResult[]> {
  const client = await buildClient();
  const server = await openTestServer(0);
  const results: InteropResult[] = [];
  for (const name of CASES) results.push(await runCase(client, portOf(server), name));
  server.close();
  return results;
}

async function buildClient(): Promise<string> {
  const client = join(CACHE, "client");
  if (existsSync(client)) return client;
  if (Bun.which("go") === null) throw new Error("the interoperability client is built with Go: put `go` on the PATH");
  const build = Bun.spawn(["go", "install", CLIENT_PACKAGE], { env: { ...process.env, GOBIN: CACHE }, stderr: "pipe" });
  if ((await build.exited) !== 0) throw new Error(`go install ${CLIENT_PACKAGE}:\n${await build.stderr.text()}`);
  return client;
}

async function runCase(client: string, port: number, name: string): Promise<InteropResult> {
  const startedMs = performance.now();
  const run = Bun.spawn([client, "-server_host=127.0.0.1", `-server_port=${port}`, `-test_case=${name}`], {
    stdout: "pipe",
    stderr: "pipe",
    timeout: CASE_TIMEOUT_MS,
  });
  const [code, stdout, stderr] = await Promise.all([run.exited, run.stdout.text(), run.stderr.text()]);
  return { name, passed: code === 0, ms: performance.now() - startedMs, output: stdout + stderr };
}

if (import.meta.main) {
  const results = await runInteropCases();
  for (const { name, passed, ms, output } of results) {
    console.log(`${passed ? "pass" : "FAIL"}  ${name.padEnd(30)} ${ms.toFixed(0).padStart(6)} ms`);
    if (!passed) console.log(output.trim().replace(/^/gm, "      "));
  }
  const failed = results.filter((result) => !result.passed).length;
  console.log(`${results.length - failed} of ${results.length} cases passed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
