/** Bodies as functions give them: whole or piece by piece, as streams, generators and async iterables. */
import type { FlowingBody } from "./contract.ts";

/** What a body is read with. */
export interface PieceReader {
  read(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /** Nobody wants the rest. */
  cancel(reason: unknown): Promise<unknown>;
}

/** What is assigned as a body: text in UTF-8, the rest as it is. @throws TypeError for what none can be made of. */
export function toAssignedBody(value: unknown): Uint8Array | FlowingBody | null {
  if (typeof value === "string") return Buffer.from(value);
  if (value === null || value instanceof Uint8Array || isFlowingBody(value)) return value;
  throw new TypeError("a body is a string, a Uint8Array, a ReadableStream, another async iterable or null");
}

function isFlowingBody(value: unknown): value is FlowingBody {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** Takes the pieces from where they are made: a stream in between would cost more than a small piece itself. */
export function readPieces(body: FlowingBody): PieceReader {
  return body instanceof ReadableStream ? body.getReader() : new IteratorReader(body[Symbol.asyncIterator]());
}

/** As the runtime and the content codings take it. */
export function toStream(body: FlowingBody): ReadableStream<Uint8Array> {
  return body instanceof ReadableStream ? body : toByteStream(body[Symbol.asyncIterator]());
}

/**
 * The pieces as bytes; a piece that is neither bytes nor text fails the stream.
 * @param first Taken from the iterator already.
 */
export function toByteStream(
  iterator: AsyncIterator<unknown> | Iterator<unknown>,
  first?: IteratorResult<unknown>,
): ReadableStream<Uint8Array> {
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

/** Bytes as they are, text in UTF-8. @throws TypeError for anything else. */
export function toBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === "string") return Buffer.from(piece);
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece);
  const type = piece === null ? "null" : typeof piece;
  throw new TypeError(`a piece of a body is of type ${type}: pieces are bytes or text`);
}

class IteratorReader implements PieceReader {
  readonly #iterator: AsyncIterator<unknown>;

  constructor(iterator: AsyncIterator<unknown>) {
    this.#iterator = iterator;
  }

  read(): Promise<IteratorResult<unknown>> {
    return this.#iterator.next();
  }

  async cancel(reason: unknown): Promise<void> {
    await this.#iterator.return?.(reason);
  }
}
