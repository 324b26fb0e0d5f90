/** A response as Node's HTTP server lends it, made into the result of an event. */
import { STATUS_CODES } from "node:http";
import { Writable } from "node:stream";
import type { EventResult, FieldLines } from "../../event/contract.ts";
import { type HeaderValue, OutgoingHeaders } from "./outgoing-headers.ts";

export type HeadersToWrite = Readonly<Record<string, HeaderValue | undefined>> | readonly HeaderValue[];

/** Of a streamed body, before its writer has to wait. */
const BUFFERED_BYTES = 64 * 1024;

/**
 * What is given to `end` alone is sent whole; from the first `write` on the body is a stream, which takes no more than
 * its reader asks for.
 */
export class OutgoingResponse extends Writable {
  statusCode = 200;
  statusMessage = "";
  /** Settles as soon as status and headers are final. Rejects when the response is destroyed before. */
  readonly sent: Promise<EventResult>;
  protected readonly fields = new OutgoingHeaders();
  readonly #settle: PromiseWithResolvers<EventResult>;
  #head: { readonly status: number; readonly headers: FieldLines } | null = null;
  readonly #pieces: Buffer[] = [];
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Lets the next chunk come. */
  #resume: (() => void) | null = null;
  #movedAt = performance.now();

  readonly #warn: (message: string) => void;

  /** @param warn Told what goes wrong once status and headers are final, such as a write after the end. */
  constructor(warn: (message: string) => void) {
    super();
    this.#settle = Promise.withResolvers();
    this.sent = this.#settle.promise;
    this.#warn = warn;
    // Whoever waits for it sees the failure too; without anybody it must not count as unhandled.
    this.sent.catch(() => undefined);
    this.on("error", (error: Error) => {
      if (this.headersSent) warn(error.message);
    });
  }

  get headersSent(): boolean {
    return this.#head !== null;
  }

  get finished(): boolean {
    return this.writableEnded;
  }

  /** The body is on its way and not over. */
  get isStreaming(): boolean {
    return this.#stream !== null && !this.writableFinished && !this.destroyed;
  }

  /** Since the body last moved. */
  get idleMs(): number {
    return performance.now() - this.#movedAt;
  }

  /** The header fields set so far, as they would be sent. */
  get headerLines(): FieldLines {
    return this.fields.lines();
  }

  setHeader(name: string, value: HeaderValue): this {
    this.assertNotSent("set");
    this.fields.set(name, value);
    return this;
  }

  appendHeader(name: string, value: HeaderValue): this {
    this.assertNotSent("append");
    this.fields.append(name, value);
    return this;
  }

  setHeaders(headers: Headers | ReadonlyMap<string, HeaderValue>): this {
    for (const [name, value] of headers) this.setHeader(name, value);
    return this;
  }

  getHeader(name: string): HeaderValue | undefined {
    return this.fields.get(name);
  }

  getHeaders(): Record<string, HeaderValue> {
    return this.fields.all();
  }

  getHeaderNames(): string[] {
    return this.fields.names();
  }

  hasHeader(name: string): boolean {
    return this.fields.has(name);
  }

  removeHeader(name: string): void {
    this.assertNotSent("remove");
    this.fields.remove(name);
  }

  writeHead(status: number, reason?: string | HeadersToWrite, headers?: HeadersToWrite): this {
    this.assertNotSent("write");
    this.statusCode = status;
    const given = typeof reason === "object" ? reason : headers;
    for (const [name, value] of pairsOf(given)) this.setHeader(name, value);
    this.#sendHead();
    return this;
  }

  flushHeaders(): void {
    if (!this.headersSent) this.#sendHead();
    this.#openStream();
  }

  /** After the end nothing more is sent, and what was sent stays as it is. */
  override write(...rest: unknown[]): boolean {
    if (!this.writableEnded) return super.write(...(rest as [unknown]));
    this.#warn("write after end: ignored");
    return false;
  }

  override end(...rest: unknown[]): this {
    if (this.writableEnded) {
      if (rest.length > 0) this.#warn("end after end: ignored");
      return this;
    }
    if (!this.headersSent) this.#sendHead();
    return super.end(...(rest as [unknown]));
  }

  /** The time a call may take is the contract's. */
  setTimeout(): this {
    return this;
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: () => void): void {
    if (!this.headersSent) this.#sendHead();
    if (this.#stream === null && this.writableEnded) {
      this.#pieces.push(chunk);
      callback();
      return;
    }
    const stream = this.#openStream();
    stream.enqueue(chunk);
    this.#movedAt = performance.now();
    if ((stream.desiredSize ?? 0) > 0) callback();
    else this.#resume = callback;
  }

  override _final(callback: () => void): void {
    if (this.#stream !== null) this.#stream.close();
    else this.#resolve(this.#pieces.length === 0 ? null : Buffer.concat(this.#pieces));
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.writableFinished) {
      const reason = error ?? new Error("the response was destroyed before its end");
      this.#settle.reject(reason);
      // A stream its reader has given up takes no error.
      if (this.#stream !== null && this.#stream.desiredSize !== null) this.#stream.error(reason);
    }
    callback(error);
  }

  #sendHead(): void {
    const status = Number(this.statusCode);
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      const message = `Invalid status code: ${String(this.statusCode)} (a response has one from 200 to 599)`;
      throw Object.assign(new RangeError(message), { code: "ERR_HTTP_INVALID_STATUS_CODE" });
    }
    this.statusMessage ||= STATUS_CODES[status] ?? "";
    this.#head = { status, headers: this.fields.lines() };
  }

  #openStream(): ReadableStreamDefaultController<Uint8Array> {
    if (this.#stream !== null) return this.#stream;
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start(own) {
          controller = own;
        },
        pull: () => {
          this.#movedAt = performance.now();
          const resume = this.#resume;
          this.#resume = null;
          resume?.();
        },
        cancel: () => void this.destroy(),
      },
      { highWaterMark: BUFFERED_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    if (controller === undefined) throw new Error("the stream of a response did not start");
    this.#stream = controller;
    this.#resolve(body);
    return controller;
  }

  #resolve(body: EventResult["body"]): void {
    if (this.#head !== null) this.#settle.resolve({ ...this.#head, body });
  }

  /** Throws as Node does: an answer is given once. */
  protected assertNotSent(what: string): void {
    if (!this.headersSent) return;
    const message = `Cannot ${what} headers after they are sent to the client`;
    throw Object.assign(new Error(message), { code: "ERR_HTTP_HEADERS_SENT" });
  }
}

/** An object, a flat list of names and values, or a list of pairs. */
function pairsOf(headers: HeadersToWrite | undefined): [string, HeaderValue][] {
  if (headers === undefined) return [];
  if (!isList(headers)) {
    return Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  }
  const flat = headers.flat();
  return Array.from({ length: flat.length / 2 }, (_, at) => [String(flat[2 * at]), flat[2 * at + 1] ?? ""]);
}

function isList(headers: HeadersToWrite): headers is readonly HeaderValue[] {
  return Array.isArray(headers);
}
