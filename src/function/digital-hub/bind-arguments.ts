/** Arguments by name, as Digital Hub calls functions. */
import type { Parameter } from "./parameters.ts";

export interface Arguments {
  /** Given to functions that name them. */
  readonly reserved: Readonly<Record<string, unknown>>;
  /** Must all be named. */
  readonly given: Readonly<Record<string, unknown>>;
}

/** @throws Error naming what is missing or surplus */
export function bindArguments(
  called: string,
  parameters: readonly Parameter[],
  { reserved, given }: Arguments,
): unknown[] {
  const known = { ...given, ...reserved };
  const has = (name: string | null): name is string => name !== null && Object.hasOwn(known, name);
  const missing = parameters.filter(({ name, required }) => required && !has(name)).map(({ name }) => name ?? "{ … }");
  const surplus = Object.keys(given).filter((name) => !parameters.some((parameter) => parameter.name === name));
  if (missing.length > 0 || surplus.length > 0) {
    const wrong = [
      ...(missing.length > 0 ? [`needs ${missing.join(", ")}, which the run does not give`] : []),
      ...(surplus.length > 0 ? [`does not take ${surplus.join(", ")}`] : []),
    ];
    throw new TypeError(
      `${called}(${parameters.map(({ name }) => name ?? "{ … }").join(", ")}) ${wrong.join(" and ")}`,
    );
  }
  return parameters.map(({ name }) => (has(name) ? known[name] : undefined));
}
