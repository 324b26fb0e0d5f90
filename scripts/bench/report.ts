/** A run as text for people: for each section machine, tables, and what speaks against trusting it. */
import { join } from "node:path";
import { repositoryRoot } from "../build.ts";
import type { SectionResult } from "./bench.ts";
import { findDisturbances, type Machine } from "./machine.ts";
import { renderTable } from "./table.ts";

export interface Run {
  readonly date: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly results: readonly SectionResult[];
}

export function renderRun(run: Run): string {
  return run.results.map((result) => renderSection(run, result)).join("\n\n");
}

const page = join(repositoryRoot, "docs", "performance.md");

/** Puts the sections of this run in the place of theirs in docs/performance.md. Throws when the page has lost its markers. */
export async function updateDocs(run: Run): Promise<void> {
  const blocks = new Map(run.results.map((result) => [result.id, renderSection(run, result)]));
  await Bun.write(page, replaceSections(await Bun.file(page).text(), blocks));
}

const begin = "<!-- results: written by `bun run bench --update-docs` -->";
const end = "<!-- end of results -->";
const sectionHeading = /^### (\w): /;

/** Sections without a new block stay as they are; all stand in the order of their letters. */
export function replaceSections(text: string, blocks: ReadonlyMap<string, string>): string {
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  if (from < begin.length || to < from) throw new Error("the page does not say where its results stand");
  const merged = new Map<string, string>();
  for (const block of text.slice(from, to).split(/^(?=### )/m)) {
    const id = sectionHeading.exec(block)?.[1];
    if (id !== undefined) merged.set(id, block.trim());
  }
  for (const [id, block] of blocks) merged.set(id, block);
  const inOrder = [...merged].sort(([left], [right]) => left.localeCompare(right)).map(([, block]) => block);
  return `${text.slice(0, from)}\n\n${inOrder.join("\n\n")}\n\n${text.slice(to)}`;
}

function renderSection({ date, machine, rounds }: Run, result: SectionResult): string {
  const node = machine.node === null ? "no Node" : `Node ${machine.node}`;
  return [
    `### ${result.id}: ${result.title}`,
    `Measured on ${date}: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGigabytes} GiB, ` +
      `Linux ${machine.kernel}, Bun ${machine.bun}, ${node}. Best of ${rounds} alternated rounds.`,
    ...result.tables.map(renderTable),
    ...findDisturbances(machine, result).map((text) => `Disturbed run: ${text}.`),
  ].join("\n\n");
}
