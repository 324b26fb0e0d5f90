/** Cuts what comes from a stream into lines, however it was chopped. */

const NEWLINE = 10;

export class LineReader {
  readonly #onLine: (line: Buffer) => void;
  /** Chunks of a line whose end has not come. */
  #begun: Buffer[] = [];

  /** @param onLine Gets each line without its end; may keep it. */
  constructor(onLine: (line: Buffer) => void) {
    this.#onLine = onLine;
  }

  /** @param chunk Not changed afterwards: lines are views of it. */
  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = chunk.subarray(start, end);
      start = end + 1;
      this.#onLine(this.#begun.length === 0 ? line : this.#complete(line));
    }
    if (start < chunk.length) this.#begun.push(start === 0 ? chunk : chunk.subarray(start));
  }

  /** Gives out what stands behind the last line's end. */
  finish(): void {
    if (this.#begun.length > 0) this.#onLine(this.#complete(Buffer.alloc(0)));
  }

  #complete(last: Buffer): Buffer {
    const whole = Buffer.concat([...this.#begun, last]);
    this.#begun = [];
    return whole;
  }
}
