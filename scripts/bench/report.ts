/** A run as text for people: machine, table, and what speaks against trusting it. */
import { join } from "node:path";
import { repositoryRoot } from "../build.ts";
import type { ContestantName } from "./contestants.ts";
import type { Figure } from "./figures.ts";
import type { Machine } from "./machine.ts";
import { renderTable } from "./table.ts";

export interface Run {
  readonly date: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly contestants: readonly ContestantName[];
  readonly figures: readonly Figure[];
  readonly disturbances: readonly string[];
}

export function renderRun(run: Run): string {
  const { machine } = run;
  const node = machine.node === null ? "no Node" : `Node ${machine.node}`;
  return [
    `Measured on ${run.date}: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGigabytes} GiB, ` +
      `Linux ${machine.kernel}, Bun ${machine.bun}, ${node}. Best of ${run.rounds} alternated rounds.`,
    renderTable(run.figures, run.contestants),
    ...run.disturbances.map((text) => `Disturbed run: ${text}.`),
  ].join("\n\n");
}

const page = join(repositoryRoot, "docs", "performance.md");
const begin = "<!-- results: written by `bun run bench --update-docs` -->";
const end = "<!-- end of results -->";

/** Replaces the results in docs/performance.md. Throws when the page has lost its markers. */
export async function updateDocs(run: Run): Promise<void> {
  const text = await Bun.file(page).text();
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} does not say where its results stand`);
  await Bun.write(page, `${text.slice(0, from + begin.length)}\n\n${renderRun(run)}\n\n${text.slice(to)}`);
}
