/** A stream of which nobody knows whether it has the codings its header fields name: its beginning tells. */
import type { ReadableStreamDefaultReader } from "node:stream/web";
import { looksCoded } from "./coders.ts";
import { type CodingName, areKnownCodings, knownCodings } from "./content-encoding.ts";
import { decodeStream } from "./decode-stream.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Enough to tell text from what a coder made. */
const BEGINNING_BYTES = 256;
/** What a function made itself is no attack on it. */
const NO_LIMITS = { maxBytes: Infinity, maxExpansionRatio: Infinity };

/** The stream without the codings, decoded where it has them. Unknown codings are left alone. */
export function plainStream(
  stream: ReadableStream<Uint8Array>,
  codings: readonly string[],
): ReadableStream<Uint8Array> {
  const last = areKnownCodings(codings) ? knownCodings(codings).at(-1) : undefined;
  if (last === undefined) return stream;
  const source = stream.getReader();
  let plain: Reader | null = null;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        plain ??= await openPlain(source, last, codings);
        const { done, value } = await plain.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => (plain ?? source).cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function openPlain(source: Reader, last: CodingName, codings: readonly string[]): Promise<Reader> {
  let beginning = Buffer.alloc(0);
  let ended = false;
  while (
    !ended &&
    beginning.length < BEGINNING_BYTES &&
    (beginning.length === 0 || looksCoded(beginning, last, false))
  ) {
    const { done, value } = await source.read();
    ended = done;
    if (value !== undefined) beginning = Buffer.concat([beginning, value]);
  }
  const all = startingWith(beginning, source);
  const isCoded = beginning.length > 0 && looksCoded(beginning, last, ended);
  return (isCoded ? decodeStream(all, codings, NO_LIMITS) : all).getReader();
}

function startingWith(beginning: Uint8Array, source: Reader): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (beginning.length > 0) controller.enqueue(beginning);
      },
      async pull(controller) {
        const { done, value } = await source.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
