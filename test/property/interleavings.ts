/** Plays many seeds and tells of those that broke a rule, with a trace of both sides. */
import { judge } from "./judge.ts";
import { play } from "./play.ts";

export interface Broken {
  readonly seed: number;
  readonly rules: readonly string[];
  /** Both sides, one line a step. */
  readonly trace: string;
}

/** Plays the seeds one after the other; stops after `maxBroken` that broke a rule. */
export async function playSeeds(first: number, count: number, maxBroken: number): Promise<Broken[]> {
  const rejections: unknown[] = [];
  const remember = (error: unknown): void => void rejections.push(error);
  process.on("unhandledRejection", remember);
  try {
    const broken: Broken[] = [];
    for (let seed = first; seed < first + count && broken.length < maxBroken; seed++) {
      const rules = judge(await play(seed, false));
      await new Promise((resolve) => setImmediate(resolve));
      for (const error of rejections.splice(0)) rules.push(`unhandled rejection: ${String(error)}`);
      if (rules.length > 0) broken.push({ seed, rules, trace: (await play(seed, true)).trace.join("\n") });
      rejections.length = 0;
    }
    return broken;
  } finally {
    process.off("unhandledRejection", remember);
  }
}

export function report({ seed, rules, trace }: Broken): string {
  const again = `again: PROPERTY_SEED=${seed} bun test test/property`;
  return [`seed ${seed}`, ...rules.map((rule) => `  ! ${rule}`), trace, again].join("\n");
}
