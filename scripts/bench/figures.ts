/** What a run found: one figure is one line of a table, with a value for each contestant that has one. */

export interface Figure {
  readonly what: string;
  readonly unit: string;
  /** Digits after the point. */
  readonly digits: number;
  /** Which way is better; null where a ratio says nothing. */
  readonly better: "higher" | "lower" | null;
  /** By the contestant's name. */
  readonly values: Readonly<Record<string, number>>;
}

/** How often `contestant` is as good as `other`; null when that cannot be said. */
export function ratioOf(figure: Figure, contestant: string, other: string): number | null {
  const value = figure.values[contestant];
  const compared = figure.values[other];
  if (figure.better === null || value === undefined || compared === undefined) return null;
  const ratio = figure.better === "higher" ? value / compared : compared / value;
  return Number.isFinite(ratio) ? ratio : null;
}

/** Gathers the values of one figure over all contestants. */
export function figureOf<Result>(
  description: Omit<Figure, "values">,
  results: ReadonlyMap<string, Result>,
  valueOf: (result: Result) => number,
): Figure {
  const values: Record<string, number> = {};
  for (const [name, result] of results) values[name] = valueOf(result);
  return { ...description, values };
}
