/** Compares what a function gave with what the table says. */
import { expect } from "bun:test";
import type { Behaviour } from "./behaviours.ts";

/** What a trigger made of a result: header names in lower case, the body as Latin-1. */
export interface Given {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export function expectBehaviour({ result }: Behaviour, given: Given): void {
  const wanted = Object.keys(result.headers ?? {});
  expect({
    status: given.status,
    headers: Object.fromEntries(wanted.map((name) => [name, given.headers.get(name) ?? null])),
    body: result.body instanceof RegExp && result.body.test(given.body) ? result.body : given.body,
  }).toEqual({ status: result.status, headers: { ...result.headers }, body: result.body });
}

/** Behaviours one process can show. */
export interface BehaviourGroup {
  readonly function: string;
  readonly spec: object;
  readonly behaviours: readonly Behaviour[];
}

/** One group for each function and configuration. */
export function byProcess(all: readonly Behaviour[]): readonly BehaviourGroup[] {
  const key = (one: Behaviour): string => `${one.function} ${JSON.stringify(one.spec ?? {})}`;
  return [...Map.groupBy(all, key).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ function: first.function, spec: first.spec ?? {}, behaviours: group }];
  });
}
