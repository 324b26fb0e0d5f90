/** Alternated rounds: every contestant is measured once a round, so that a disturbance does not hit one of them alone. */
import type { ContestantName } from "./contestants.ts";

/** All results of each contestant, in the order of the rounds. */
export async function alternate<Subject extends { readonly name: ContestantName }, Result>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Result>,
): Promise<Map<ContestantName, Result[]>> {
  const results = new Map<ContestantName, Result[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) results.get(subject.name)?.push(await measure(subject));
  }
  return results;
}

export function highest<Result>(results: readonly Result[], valueOf: (result: Result) => number): number {
  return Math.max(...results.map(valueOf));
}

export function lowest<Result>(results: readonly Result[], valueOf: (result: Result) => number): number {
  return Math.min(...results.map(valueOf));
}

export function sum<Result>(results: readonly Result[], valueOf: (result: Result) => number): number {
  return results.reduce((total, result) => total + valueOf(result), 0);
}
