/** The body of a `Response` the function returned: whole, or begun where it takes time and can be streamed. */
import { collectStream } from "./collect-stream.ts";
import { type BodyPeek, collectRest, peekBody } from "./streamed-answer.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
/** Bodies are read once; a `Response` made once and returned for many exchanges keeps its bytes under this. */
const BYTES = Symbol("the bytes of a Response that was answered with");

type Answer = Response & { [BYTES]?: Promise<Uint8Array> };

/** @param canStream asked again after each wait. Rejects with ExchangeError `BODY_TOO_LARGE`, or what the body rejects with. */
export function takeBody(answer: Answer, maxBytes: number, canStream: () => boolean): Promise<Uint8Array | BodyPeek> {
  const taken = answer[BYTES];
  if (taken !== undefined) return taken;
  const { body } = answer;
  if (body === null) return Promise.resolve(EMPTY);
  if (answer.bodyUsed || body.locked) {
    return Promise.reject(new TypeError("the body of the Response was read before it was returned: return a clone()"));
  }
  const taking = readBody(body, maxBytes, canStream);
  const bytes = taking.then((result) => {
    if (result instanceof Uint8Array) return result;
    throw new TypeError("the body of the Response is being streamed already: make one for each exchange");
  });
  bytes.catch(() => {}); // told to who returns it again
  answer[BYTES] = bytes;
  return taking;
}

async function readBody(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  canStream: () => boolean,
): Promise<Uint8Array | BodyPeek> {
  if (!canStream()) return collectStream(body, maxBytes);
  const peek = await peekBody(body, maxBytes);
  if (peek.pending !== null && canStream()) return peek;
  return collectRest(peek, maxBytes); // it may read the request's, which answers the headers
}
