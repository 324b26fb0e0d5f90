/** Rate, failures, CPU time and memory of a server while a load runs. */
import type { Load } from "./load.ts";
import { readOthersCpuSeconds, readTreeUsage, type TreeUsage } from "./process-tree.ts";

export interface Measurement {
  /** Completed exchanges or requests. */
  readonly perSecond: number;
  /** User and system time of the server's process tree. */
  readonly cpuSecondsPer10k: number;
  /** At the end of the measurement. */
  readonly rssBytes: number;
  /** How many cores processes that have no part in the benchmark kept busy meanwhile, e.g. 0.5. */
  readonly othersCores: number;
  /** How many cores the load generator kept busy; near 1 it is what is measured. */
  readonly generatorCores: number;
}

export interface MeasureTimes {
  /** The first load a server gets, before its first measurement: its code is compiled by then. */
  readonly firstLoadMs: number;
  /** Runs before anything of a measurement is counted. */
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** Measures after the warm-up; `onWarm` is called in between. The load goes on afterwards. */
export async function measureServer(
  load: Load,
  serverPid: number,
  times: MeasureTimes,
  onWarm: () => void = () => {},
): Promise<Measurement> {
  await Bun.sleep(times.warmUpMs);
  onWarm();
  const before = takeReading(load, serverPid);
  await Bun.sleep(times.durationMs);
  const after = takeReading(load, serverPid);
  const completed = after.completed - before.completed;
  return {
    perSecond: (completed * 1000) / (after.atMs - before.atMs),
    cpuSecondsPer10k: ((after.usage.cpuSeconds - before.usage.cpuSeconds) * 10_000) / completed,
    rssBytes: after.usage.rssBytes,
    generatorCores: ((after.generatorSeconds - before.generatorSeconds) * 1000) / (after.atMs - before.atMs),
    othersCores: ((after.othersSeconds - before.othersSeconds) * 1000) / (after.atMs - before.atMs),
  };
}

interface Reading {
  readonly atMs: number;
  readonly completed: number;
  readonly usage: TreeUsage;
  /** CPU time of everything but the benchmark and what it started. */
  readonly othersSeconds: number;
  /** CPU time of this process. */
  readonly generatorSeconds: number;
}

function takeReading(load: Load, serverPid: number): Reading {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    completed: load.completed,
    usage: readTreeUsage(serverPid),
    othersSeconds: readOthersCpuSeconds(),
    generatorSeconds: (user + system) / 1e6,
  };
}
