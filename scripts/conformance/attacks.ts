/** Attacks at frame level and a million of Envoy's normal stream ends, against the running executable. */
import { join } from "node:path";
import { killRunningProcesses } from "../../test/support/process.ts";
import { startProcessor } from "../../test/support/processor.ts";
import { repositoryRoot } from "../build.ts";
import { Checks } from "./checks.ts";

const health = "/grpc.health.v1.Health/Check";
const extProc = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";

process.on("exit", killRunningProcesses);
const checks = new Checks();
await using processor = await startProcessor({
  function: { file: join(repositoryRoot, "examples", "hello", "hello.ts") },
});
const target = `127.0.0.1:${processor.port}`;
const pid = String(processor.pid);
checks.equal("every attack ends as it must", await run("attacks.ts", target, health, "--pid", pid), 0);
checks.equal(
  "a million streams of END_STREAM and RST_STREAM go on one connection",
  await run("reset-storm.ts", "--target", target, "--path", extProc, "--pid", pid),
  0,
);
await processor[Symbol.asyncDispose]();
checks.finish();

function run(script: string, ...words: string[]): Promise<number> {
  const command = [process.execPath, join(repositoryRoot, "test", "http2", script), ...words];
  return Bun.spawn(command, { stdio: ["ignore", "inherit", "inherit"] }).exited;
}
