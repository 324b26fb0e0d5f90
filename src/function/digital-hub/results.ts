/** What a job's function gives back, by name. */

/**
 * Nothing, one result, or several in an array, called by `names` and else output_0, output_1, …; values are as JSON has
 * them, bytes in base64.
 */
export function nameResults(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  const values: readonly unknown[] =
    value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  return Object.fromEntries(values.map((each, index) => [names[index] ?? `output_${index}`, toJson(each)]));
}

function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "bigint" ? String(value) : (value ?? null);
}
