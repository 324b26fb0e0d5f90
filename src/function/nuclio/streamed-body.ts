/** Bodies a handler gives piece by piece: streams, generators, async iterables. */

export type Streamed = ReadableStream<unknown> | AsyncIterable<unknown> | (Iterable<unknown> & Iterator<unknown>);

/** Text, arrays, maps and the like are iterable too; what is meant here gives its pieces once. */
export function isStreamed(value: unknown): value is Streamed {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof ReadableStream || Symbol.asyncIterator in value) return true;
  return Symbol.iterator in value && "next" in value && typeof value.next === "function";
}
