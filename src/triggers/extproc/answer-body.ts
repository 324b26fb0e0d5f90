/** The body of a `Response` the function returned: whole, or begun where it takes time and can be streamed. */
import { collectStream } from "./collect-stream.ts";
import { type BodyPeek, collectRest, peekBody, readOn } from "./streamed-answer.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
/** Bodies are read once; a `Response` made once and returned for many exchanges keeps its bytes under this. */
const BYTES = Symbol("the bytes of a Response that was answered with");

type Answer = Response & { [BYTES]?: Promise<Uint8Array> };

export interface TakeOptions {
  readonly maxBytes: number;
  /** Asked again after each wait. */
  readonly canStream: () => boolean;
  /** A body that is streamed has begun when it is given: what comes before it depends on its first bytes. */
  readonly needsBeginning: boolean;
}

/** Rejects with ExchangeError `BODY_TOO_LARGE`, or what the body rejects with. */
export function takeBody(answer: Answer, options: TakeOptions): Promise<Uint8Array | BodyPeek> {
  const taken = answer[BYTES];
  if (taken !== undefined) return taken;
  const { body } = answer;
  if (body === null) return Promise.resolve(EMPTY);
  if (answer.bodyUsed || body.locked) {
    return Promise.reject(new TypeError("the body of the Response was read before it was returned: return a clone()"));
  }
  const taking = readBody(body, options);
  const bytes = taking.then((result) => {
    if (result instanceof Uint8Array) return result;
    throw new TypeError("the body of the Response is being streamed already: make one for each exchange");
  });
  bytes.catch(() => {}); // told to who returns it again
  Reflect.set(answer, BYTES, bytes); // false for a frozen one, which is an answer once
  return taking;
}

async function readBody(
  body: ReadableStream<Uint8Array>,
  { maxBytes, canStream, needsBeginning }: TakeOptions,
): Promise<Uint8Array | BodyPeek> {
  if (!canStream()) return collectStream(body, maxBytes);
  let peek = await peekBody(body, maxBytes);
  while (needsBeginning && peek.pending !== null && beginningOf(peek).length === 0) peek = await readOn(peek);
  if (peek.pending !== null && canStream()) return peek;
  return collectRest(peek, maxBytes); // it may read the request's, which answers the headers
}

/** The first bytes that came. */
export function beginningOf({ chunks }: BodyPeek): Uint8Array {
  return chunks.find((chunk) => chunk.length > 0) ?? EMPTY;
}
