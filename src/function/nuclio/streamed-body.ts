/** Bodies a handler gives piece by piece: streams, generators, async iterables. */

export type Streamed = ReadableStream<unknown> | AsyncIterable<unknown> | (Iterable<unknown> & Iterator<unknown>);

type Pieces = AsyncIterator<unknown> | Iterator<unknown>;

/** Text, arrays, maps and the like are iterable too; what is meant here gives its pieces once. */
export function isStreamed(value: unknown): value is Streamed {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof ReadableStream || Symbol.asyncIterator in value) return true;
  return Symbol.iterator in value && "next" in value && typeof value.next === "function";
}

/**
 * The pieces as bytes: text in UTF-8, bytes as they are; anything else fails the stream.
 * @param first Taken from the iterator already.
 */
export function toByteStream(iterator: Pieces, first?: IteratorResult<unknown>): ReadableStream<Uint8Array> {
  let ready = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = ready ?? (await iterator.next());
      ready = undefined;
      if (done === true) controller.close();
      else controller.enqueue(toBytes(value));
    },
    async cancel(reason) {
      await iterator.return?.(reason);
    },
  });
}

function toBytes(piece: unknown): Uint8Array {
  if (typeof piece === "string") return Buffer.from(piece);
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError(`the handler's stream gave ${Bun.inspect(piece, { depth: 0 })}: pieces are text or bytes`);
}
