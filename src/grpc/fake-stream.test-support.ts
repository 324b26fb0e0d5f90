/** An `Http2Stream` that remembers what was sent on it. */
import type { ErrorCode, FieldLines, Http2Stream, Http2StreamHandler } from "../http2/contract.ts";

export type Sent =
  | { readonly kind: "headers"; readonly fields: FieldLines; readonly endStream: boolean }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "trailers"; readonly fields: FieldLines }
  | { readonly kind: "reset"; readonly code: ErrorCode };

export class FakeStream implements Http2Stream {
  readonly id = 1;
  closed = false;
  queuedBytes = 0;
  consumed = 0;
  readonly sent: Sent[] = [];

  sendHeaders(fields: FieldLines, endStream: boolean): void {
    this.sent.push({ kind: "headers", fields, endStream });
  }

  sendData(bytes: Uint8Array): void {
    this.sent.push({ kind: "data", bytes });
  }

  sendTrailers(fields: FieldLines): void {
    this.sent.push({ kind: "trailers", fields });
  }

  reset(code: ErrorCode): void {
    this.sent.push({ kind: "reset", code });
  }

  consume(bytes: number): void {
    this.consumed += bytes;
  }

  /** The body sent so far, as hexadecimal text. */
  get body(): string {
    return Buffer.concat(this.sent.map((sent) => (sent.kind === "data" ? sent.bytes : Buffer.alloc(0)))).toString(
      "hex",
    );
  }
}

/**
 * Hands the handler a piece of body as it lies in a received chunk: with other bytes before and behind. What it is done with
 * is overwritten, so that whoever looks at it again sees something else.
 */
export function deliver(handler: Http2StreamHandler, body: Uint8Array): void {
  const chunk = Buffer.concat([Buffer.from("before"), body, Buffer.from("behind")]);
  if (handler.onData(chunk, 6, 6 + body.length)) chunk.fill(0xff);
}
