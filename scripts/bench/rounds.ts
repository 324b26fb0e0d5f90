/**
 * Alternated rounds: every contestant is measured once a round, so that a disturbance does not hit one of them alone. What
 * other processes disturb is measured again, and counts only when nothing better was to be had.
 */

/** What tells how quiet the machine was; see `Measurement`. */
export interface Disturbable {
  readonly othersCores: number;
}

/** More than this and a measurement is disturbed. */
export const quietCores = 0.15;
const attempts = 3;

/** All results of each contestant in the order they were measured, the disturbed ones too. */
export async function alternate<Subject extends { readonly name: string }, Result extends Disturbable>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Result>,
): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const result = await measure(subject);
        results.get(subject.name)?.push(result);
        if (result.othersCores <= quietCores) break;
      }
    }
  }
  return results;
}

/** Of the undisturbed results, if there are any. */
export function highest<Result extends Disturbable>(
  results: readonly Result[],
  valueOf: (result: Result) => number,
): number {
  return Math.max(...undisturbed(results).map(valueOf));
}

/** Of the undisturbed results, if there are any. */
export function lowest<Result extends Disturbable>(
  results: readonly Result[],
  valueOf: (result: Result) => number,
): number {
  return Math.min(...undisturbed(results).map(valueOf));
}

/** Over all results. */
export function sum<Result>(results: readonly Result[], valueOf: (result: Result) => number): number {
  return results.reduce((total, result) => total + valueOf(result), 0);
}

/** Without any undisturbed one: the least disturbed. */
export function undisturbed<Result extends Disturbable>(results: readonly Result[]): readonly Result[] {
  const least = Math.min(...results.map(({ othersCores }) => othersCores));
  return results.filter(({ othersCores }) => othersCores <= Math.max(quietCores, least));
}
