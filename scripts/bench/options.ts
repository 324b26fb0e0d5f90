/** The command line of the benchmark. */
import { parseArgs } from "node:util";
import type { Section } from "./bench.ts";
import type { MeasureTimes } from "./measure.ts";
import { sections } from "./sections.ts";

export interface BenchOptions {
  readonly sections: readonly Section[];
  readonly rounds: number;
  readonly times: MeasureTimes;
  readonly starts: number;
  /** The executable to measure; null builds the current sources. */
  readonly executable: string | null;
  readonly json: boolean;
  /** Puts the results into docs/performance.md. */
  readonly updateDocs: boolean;
}

export const usage = `Usage: bun run bench [options]

Compares the compiled executable with what does the same.

  --only a,b,…       sections to run (default: all)
${sections.map(({ id, title }) => `                       ${id}  ${title}`).join("\n")}
  --rounds N         alternated rounds, the best counts (default: 3)
  --quick            one short round: a look, not a result
  --executable PATH  measures this executable instead of building one
  --json             prints the results as JSON
  --update-docs      puts the results into docs/performance.md
  --help             prints this`;

const fullTimes: MeasureTimes = { firstLoadMs: 5000, warmUpMs: 1000, durationMs: 6000 };
const quickTimes: MeasureTimes = { firstLoadMs: 2000, warmUpMs: 500, durationMs: 2000 };

/** Null when help is asked for; throws a TypeError that says what is wrong. */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      executable: { type: "string" },
      json: { type: "boolean", default: false },
      "update-docs": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    sections: values.only === undefined ? sections : values.only.split(",").map(parseSection),
    rounds: values.rounds === undefined ? (values.quick ? 1 : 3) : parseRounds(values.rounds),
    times: values.quick ? quickTimes : fullTimes,
    starts: values.quick ? 3 : 10,
    executable: values.executable ?? null,
    json: values.json,
    updateDocs: values["update-docs"],
  };
}

function parseSection(text: string): Section {
  const section = sections.find(({ id }) => id === text.trim());
  if (section === undefined)
    throw new TypeError(`--only: there is no section "${text}" (there are ${sections.map(({ id }) => id).join(", ")})`);
  return section;
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError(`--rounds: "${text}" is not a whole number above 0`);
  return rounds;
}
