/** The body of a message on its way through a function: reading it changes nothing, assigning replaces it. */
import { fixBodyFields, isPartialContent, undoableCodings } from "../../../compression/body-fields.ts";
import { areKnownCodings, parseContentEncoding } from "../../../compression/content-encoding.ts";
import { decodeBody } from "../../../compression/decode-body.ts";
import { decodeStream } from "../../../compression/decode-stream.ts";
import { encodeBody } from "../../../compression/encode-body.ts";
import { encodeStream } from "../../../compression/encode-stream.ts";
import { ExchangeError } from "../../../function/errors.ts";
import type { FieldList } from "../../../function/header-list.ts";
import { splitStream } from "./split-stream.ts";

export type NewBody = ReadableStream<Uint8Array> | Uint8Array | null;

export interface SentMessage {
  /** Bytes are a body whose length is known. */
  readonly body: NewBody;
  /** The header fields that go with it. */
  readonly lines: readonly (readonly [name: string, value: string])[];
}

/** Decoded size over coded size, above 1 MiB. */
const MAX_EXPANSION_RATIO = 100;

/** What is read of the original. */
type Reading =
  | { readonly kind: "untouched" }
  | { readonly kind: "collected"; readonly bytes: Promise<Uint8Array> }
  | { readonly kind: "streamed"; readonly forwarded: ReadableStream<Uint8Array> };

export class MessageBody {
  readonly #which: "request" | "response";
  readonly #original: ReadableStream<Uint8Array> | null;
  readonly #headers: FieldList;
  readonly #maxBytes: number;
  #reading: Reading = { kind: "untouched" };
  #stream: ReadableStream<Uint8Array> | null = null;
  #decoded: Promise<Uint8Array> | null = null;
  /** Undefined: the original goes on. */
  #replacement: NewBody | undefined = undefined;

  constructor(
    which: "request" | "response",
    original: ReadableStream<Uint8Array> | null,
    headers: FieldList,
    maxBytes: number,
  ) {
    this.#which = which;
    this.#original = original;
    this.#headers = headers;
    this.#maxBytes = maxBytes;
  }

  /** The function asked for it, decoded. */
  get isRead(): boolean {
    return this.#reading.kind !== "untouched";
  }

  /** One stream a message, decoded. */
  get stream(): ReadableStream<Uint8Array> | null {
    if (this.#original === null) return null;
    if (this.#stream === null) {
      const codings = undoableCodings(this.#headers.received);
      const received = this.#openReceived(this.#original);
      // A stream is never held whole, so its length needs no limit; what a byte may become does.
      const limits = { maxBytes: Infinity, maxExpansionRatio: MAX_EXPANSION_RATIO };
      this.#stream = codings.length === 0 ? received : decodeStream(received, codings, limits);
    }
    return this.#stream;
  }

  bytes(): Promise<Uint8Array> {
    if (this.#decoded === null) {
      this.#decoded = this.#decode();
      this.#decoded.catch(() => {}); // the function may not wait for it
    }
    return this.#decoded;
  }

  replace(body: NewBody): void {
    this.#replacement = body;
  }

  /** What is sent; the function is done with the message. */
  async release(): Promise<SentMessage> {
    const body = this.#replacement;
    if (body === undefined) return { body: await this.#releaseOriginal(), lines: this.#linesOfOriginal() };
    if (this.#reading.kind === "untouched") await this.#original?.cancel().catch(() => {}); // nobody waits for the rest
    const codings = this.#codingsToApply();
    const sent = this.#headers.touched("content-encoding") ? body : await encode(body, codings);
    const length = sent === null ? 0 : sent instanceof Uint8Array ? sent.byteLength : "unknown";
    const { removed, set } = fixBodyFields(this.#headers, { meaning: "changed", codings, length });
    // What the function says itself stays, but the length.
    const isOurs = (name: string): boolean => name === "content-length" || !this.#headers.touched(name);
    const fixed = set.filter(([name]) => isOurs(name));
    const gone = new Set([...removed.filter(isOurs), ...fixed.map(([name]) => name)]);
    const kept = [...this.#headers].filter(([name]) => !gone.has(name));
    return { body: sent, lines: [...kept, ...fixed] };
  }

  /** The length of a body that goes on is what it was, whatever the function says; without a body it is only a field. */
  #linesOfOriginal(): [string, string][] {
    const lines = [...this.#headers];
    if (this.#original === null || !this.#headers.touched("content-length")) return lines;
    const length = this.#headers.received.get("content-length");
    const kept = lines.filter(([name]) => name !== "content-length");
    return length === null ? kept : [...kept, ["content-length", length]];
  }

  async #releaseOriginal(): Promise<NewBody> {
    switch (this.#reading.kind) {
      case "untouched":
        return this.#original;
      case "collected":
        return await this.#reading.bytes;
      case "streamed":
        return this.#reading.forwarded;
    }
  }

  #openReceived(original: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    if (this.#reading.kind === "collected") return streamOf(this.#reading.bytes);
    const { observed, forwarded } = splitStream(original, this.#maxBytes);
    this.#reading = { kind: "streamed", forwarded };
    return observed;
  }

  async #decode(): Promise<Uint8Array> {
    if (this.#original === null) return new Uint8Array(0);
    if (this.#reading.kind === "streamed") {
      throw new TypeError(`the ${this.#which}'s body is read as a stream: it cannot be read whole too`);
    }
    const bytes = collect(this.#original, this.#maxBytes, this.#which);
    this.#reading = { kind: "collected", bytes };
    const limits = { maxBytes: this.#maxBytes, maxExpansionRatio: MAX_EXPANSION_RATIO };
    const codings = undoableCodings(this.#headers.received);
    if (codings.length === 0) return bytes;
    const result = await decodeBody(await bytes, codings, limits);
    if ("body" in result) return result.body;
    const code = result.failure === "too-large" ? "BODY_TOO_LARGE" : "BODY_UNDECODABLE";
    throw new ExchangeError(code, `the ${this.#which}'s body: ${result.message}`);
  }

  /** A function that sets `content-encoding` itself gives bytes in that coding. */
  #codingsToApply(): string[] {
    const codings = parseContentEncoding(this.#headers.get("content-encoding"));
    if (this.#headers.touched("content-encoding")) return codings;
    return areKnownCodings(codings) && !isPartialContent(this.#headers.received) ? codings : [];
  }
}

async function encode(body: NewBody, codings: readonly string[]): Promise<NewBody> {
  if (codings.length === 0 || body === null) return body;
  return body instanceof Uint8Array
    ? await encodeBody(body, codings)
    : encodeStream(body, codings, { flush: "each-chunk" });
}

async function collect(stream: ReadableStream<Uint8Array>, maxBytes: number, which: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > maxBytes) {
      const message = `the ${which}'s body is longer than ${maxBytes} bytes: see maxRequestBodySize`;
      throw new ExchangeError("BODY_TOO_LARGE", message);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function streamOf(bytes: Promise<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(await bytes);
      controller.close();
    },
  });
}
