/** What the executable starts: the command line on the main thread, a worker of the data plane on the others. */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const { runCommandLine } = await import("./cli/main.ts");
  process.exit(await runCommandLine(process.argv.slice(2), new URL(import.meta.url)));
} else {
  const { runProcessorWorker } = await import("./worker/main.ts");
  await runProcessorWorker();
}
