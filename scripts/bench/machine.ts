/** The machine a run was made on, and whether it was quiet. */
import { loadavg, release, totalmem } from "node:os";
import { readFileSync } from "node:fs";
import type { SectionResult } from "./bench.ts";
import { quietCores } from "./rounds.ts";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly bun: string;
  readonly node: string | null;
  /** Of the last minute, before the run. */
  readonly loadAverage: number;
}

export function describeMachine(): Machine {
  const models = /^model name\s*: (.+)$/gm;
  const processors = [...readFileSync("/proc/cpuinfo", "utf8").matchAll(models)].map((match) => match[1] ?? "");
  return {
    processor: processors[0] ?? process.arch,
    cores: navigator.hardwareConcurrency,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    bun: Bun.version,
    node: nodeVersion(),
    loadAverage: loadavg()[0] ?? 0,
  };
}

/** grpc-js on Bun at saturation through Envoy, CPU seconds per 10,000 requests, on a quiet machine with two cores. */
const quietBaselineCpuSeconds = 0.93;

/** The figure that tells, for each contestant, how many cores other processes kept busy in its quietest measurement. */
export const disturbance = "taken by other processes meanwhile";

/** What speaks against trusting the section; empty when nothing does. */
export function findDisturbances(machine: Machine, section: SectionResult): string[] {
  const found: string[] = [];
  if (machine.loadAverage > 0.5) {
    found.push(`the machine was busy before the run: load average ${machine.loadAverage.toFixed(2)}`);
  }
  const figures = section.tables.flatMap((table) => table.figures);
  for (const { what, values } of figures) {
    if (!what.endsWith(disturbance)) continue;
    for (const [name, cores] of Object.entries(values)) {
      if (cores > quietCores) found.push(`other processes kept ${cores.toFixed(2)} cores busy beside ${name}`);
    }
  }
  const baseline = figures.find(({ what }) => what === "saturation: server CPU per 10,000 requests");
  const cpuSeconds = baseline?.values["grpc-js on Bun"];
  if (cpuSeconds !== undefined && cpuSeconds > quietBaselineCpuSeconds * 1.25) {
    found.push(
      `grpc-js on Bun cost ${cpuSeconds.toFixed(2)} CPU seconds per 10,000 requests; ` +
        `on a quiet machine it is about ${quietBaselineCpuSeconds}`,
    );
  }
  return found;
}

function nodeVersion(): string | null {
  const node = Bun.which("node");
  return node === null ? null : Bun.spawnSync([node, "--version"]).stdout.toString().trim().replace(/^v/, "");
}
