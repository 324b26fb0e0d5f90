/** Finds the end of an HTTP/1.1 answer (RFC 9112 sections 6 and 7.1) without keeping its body. */

const headEnd = "\r\n\r\n";
const lengthField = /\r\ncontent-length: *(\d+)\r\n/i;
const chunkedField = /\r\ntransfer-encoding: *chunked\r\n/i;
const closeField = /\r\nconnection: *close\r\n/i;

type Step =
  | { readonly kind: "head" }
  | { readonly kind: "body"; left: number }
  /** The line with a chunk's size is being read. */
  | { readonly kind: "size" }
  /** A chunk's bytes and the line end behind them. */
  | { readonly kind: "chunk"; left: number }
  /** The empty line after the last chunk; trailers before it are passed over. */
  | { readonly kind: "trailers" };

/** Reads one answer after the other; an answer must end before the next one begins. */
export class AnswerReader {
  #step: Step = { kind: "head" };
  #pending: Buffer = Buffer.alloc(0);
  #status = 0;
  #closes = false;

  /** Whether the server ends the connection after the last answer. */
  get closes(): boolean {
    return this.#closes;
  }

  /** Status of the answer that ends with these bytes; null: it goes on; "broken": framed in a way this does not read. */
  push(bytes: Buffer): number | null | "broken" {
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = Buffer.alloc(0);
    for (;;) {
      const step = this.#step;
      if (step.kind === "body" || step.kind === "chunk") {
        const taken = Math.min(step.left, rest.length);
        step.left -= taken;
        rest = rest.subarray(taken);
        if (step.left > 0) return null;
        if (step.kind === "body") return this.#end();
        this.#step = { kind: "size" };
        continue;
      }
      const end = rest.indexOf(step.kind === "head" ? headEnd : "\r\n");
      if (end < 0) {
        this.#pending = rest;
        return null;
      }
      const line = rest.toString("latin1", 0, end + 2);
      rest = rest.subarray(end + (step.kind === "head" ? headEnd.length : 2));
      if (step.kind === "trailers") {
        if (end === 0) return this.#end();
      } else if (step.kind === "size") {
        const size = Number.parseInt(line, 16);
        if (Number.isNaN(size)) return "broken";
        this.#step = size === 0 ? { kind: "trailers" } : { kind: "chunk", left: size + 2 };
      } else {
        const next = this.#afterHead(line);
        if (next === null) return "broken";
        this.#step = next;
      }
    }
  }

  #afterHead(head: string): Step | null {
    this.#status = Number(head.slice(9, 12));
    this.#closes = closeField.test(head);
    const length = lengthField.exec(head)?.[1];
    if (length !== undefined) return { kind: "body", left: Number(length) };
    return chunkedField.test(head) ? { kind: "size" } : null;
  }

  #end(): number {
    this.#step = { kind: "head" };
    return this.#status;
  }
}
