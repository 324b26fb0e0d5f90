/** The graceful end: workers finish what is in flight, and nobody waits longer than the triggers allow. */
import type { Logger } from "../telemetry/log.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** Time beyond the workers' own deadline after which the process ends whatever they do. */
const patienceMs = 1000;

/** Resolves as soon as nothing is in flight. `reason` is what asked for it, e.g. "SIGTERM". */
export async function drainPool(pool: WorkerPool, reason: string, log: Logger): Promise<void> {
  const limits = pool.status().flatMap((worker) => worker.triggers.map((each) => each.gracefulShutdownTimeoutMs));
  const limitMs = Math.max(0, ...limits);
  const startedAt = performance.now();
  log.info({ gracefulShutdownTimeoutMs: limitMs }, `${reason}: finishing what is in flight`);
  const cut = await Promise.race([pool.drain(), Bun.sleep(limitMs + patienceMs).then(() => null)]);
  await pool.stop();
  const tookMs = Math.round(performance.now() - startedAt);
  if (cut === 0) log.info({ tookMs }, "ended");
  else if (cut === null) log.warn({ tookMs }, "ended; a worker did not finish in time");
  else log.warn({ tookMs, cut }, `ended; ${cut} exchanges were cut off by gracefulShutdownTimeout`);
}
