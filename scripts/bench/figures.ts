/** What a run found: one figure is one line of the table, with a value for each contestant. */
import type { ContestantName } from "./contestants.ts";

export type SectionId = "a" | "b" | "c" | "d" | "e" | "f";

export interface Figure {
  readonly section: SectionId;
  readonly what: string;
  readonly unit: string;
  /** Digits after the point. */
  readonly digits: number;
  /** Which way is better; null where a ratio says nothing. */
  readonly better: "higher" | "lower" | null;
  readonly values: Readonly<Partial<Record<ContestantName, number>>>;
}

/** How often `value` is as good as `other`; null when that cannot be said. */
export function ratioOf(figure: Figure, contestant: ContestantName, other: ContestantName): number | null {
  const value = figure.values[contestant];
  const compared = figure.values[other];
  if (figure.better === null || value === undefined || compared === undefined) return null;
  const ratio = figure.better === "higher" ? value / compared : compared / value;
  return Number.isFinite(ratio) ? ratio : null;
}

/** Gathers the values of one figure over all contestants. */
export function figureOf<Result>(
  description: Omit<Figure, "values">,
  results: ReadonlyMap<ContestantName, Result>,
  valueOf: (result: Result) => number,
): Figure {
  const values: Partial<Record<ContestantName, number>> = {};
  for (const [name, result] of results) values[name] = valueOf(result);
  return { ...description, values };
}
