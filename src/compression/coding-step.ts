/**
 * One coding of a stream: a web stream that pulls from its source through a coder. A chunk of the source is read only
 * when all output of the one before was taken, so a step holds one chunk of input and at most four of output.
 */
import type { ReadableStreamDefaultReader } from "node:stream/web";
import type { StreamCoder } from "./coders.ts";
import type { CodingName } from "./content-encoding.ts";
import { trailingData } from "./decode-failure.ts";

/** What one step does with its coder. Whatever these throw ends the stream and cancels the source. */
export interface StepRules {
  readonly coding: CodingName;
  /** Called once, with the first bytes: two unless there are no more. */
  open(beginning: Uint8Array): StreamCoder;
  /** Before a chunk goes into the coder. */
  onInput(chunk: Uint8Array): void;
  /** Before output is handed on; `bytes` is all output so far. */
  onOutput(bytes: number): void;
  /** The source has ended, the coder has not seen it yet. Not called for an empty source. */
  onInputEnd(): void;
  /** An error of the coder, as the consumer sees it. */
  describe(error: unknown): unknown;
  /** For `flush` after every chunk; null to leave it to the coder. */
  readonly flushKind: number | null;
}

export function runStep(source: ReadableStream<Uint8Array>, rules: StepRules): ReadableStream<Uint8Array> {
  // Nothing is coded before somebody reads.
  return new ReadableStream(new CodingStep(source, rules), { highWaterMark: 0 });
}

class CodingStep {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #rules: StepRules;
  #coder: StreamCoder | null = null;
  #coderError: unknown = null;
  #coderEnded = false;
  /** A chunk is in the coder and not all its output is out. */
  #working = false;
  /** The source has no more chunks. */
  #sourceEnded = false;
  /** The coder knows, or there is no coder because nothing ever came. */
  #inputEnded = false;
  #cancelled = false;
  #written = 0;
  #produced = 0;
  /** Continues a pull that waits for the coder. */
  #wake: (() => void) | null = null;

  constructor(source: ReadableStream<Uint8Array>, rules: StepRules) {
    this.#reader = source.getReader();
    this.#rules = rules;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const chunk = await this.#next();
      if (this.#cancelled) return;
      if (chunk === null) controller.close();
      else controller.enqueue(chunk);
    } catch (error) {
      this.#coder?.destroy();
      if (!this.#sourceEnded) this.#reader.cancel(error).catch(() => {}); // the failure that counts is thrown below
      throw error;
    }
  }

  async cancel(reason: unknown): Promise<void> {
    this.#cancelled = true;
    this.#coder?.destroy();
    this.#wake?.();
    await this.#reader.cancel(reason);
  }

  /** The next output; null at the end, or when cancelled. */
  async #next(): Promise<Uint8Array | null> {
    while (!this.#cancelled) {
      const chunk: Uint8Array | null = this.#coder?.read() ?? null;
      if (this.#coderError !== null) throw this.#rules.describe(this.#coderError);
      if (chunk !== null) {
        this.#produced += chunk.length;
        this.#rules.onOutput(this.#produced);
        return chunk;
      }
      if (this.#leftInput()) throw trailingData(this.#rules.coding);
      if (this.#coderEnded) return null;
      if (!this.#working && !this.#inputEnded) await this.#feed();
      else if (this.#coder === null)
        return null; // an empty body stays empty
      else await this.#change();
    }
    return null;
  }

  /** A coding that has ended takes no more input; then the coder may also never say that it is done with the chunk. */
  #leftInput(): boolean {
    if (this.#coder === null) return false;
    if (this.#coderEnded) return !this.#inputEnded;
    return !this.#working && this.#coder.bytesWritten < this.#written;
  }

  /** Puts the next chunk of the source into the coder. */
  async #feed(): Promise<void> {
    const chunk = this.#coder === null ? await this.#readBeginning() : await this.#readChunk();
    if (this.#cancelled) return;
    if (chunk === null) {
      this.#inputEnded = true;
      if (this.#coder === null) return;
      this.#rules.onInputEnd();
      this.#coder.end();
      return;
    }
    const coder = (this.#coder ??= this.#open(chunk));
    this.#rules.onInput(chunk);
    this.#written += chunk.length;
    this.#working = true;
    const done = (): void => {
      this.#working = false;
      this.#wake?.();
    };
    const { flushKind } = this.#rules;
    if (flushKind === null) coder.write(chunk, done);
    else {
      coder.write(chunk);
      coder.flush(flushKind, done);
    }
  }

  #open(beginning: Uint8Array): StreamCoder {
    const coder = this.#rules.open(beginning);
    const wake = (): void => this.#wake?.();
    coder.on("readable", wake);
    coder.on("end", () => {
      this.#coderEnded = true;
      wake();
    });
    coder.on("error", (error) => {
      this.#coderError = error;
      wake();
    });
    return coder;
  }

  /** Two bytes or more; fewer only when the source has no more. Null for an empty source. */
  async #readBeginning(): Promise<Uint8Array | null> {
    const first = await this.#readChunk();
    if (first === null || first.length >= 2) return first;
    const second = await this.#readChunk();
    return second === null ? first : Buffer.concat([first, second]);
  }

  /** Never empty; null at the end. */
  async #readChunk(): Promise<Uint8Array | null> {
    while (!this.#sourceEnded) {
      const { done, value } = await this.#reader.read();
      if (done) this.#sourceEnded = true;
      else if (value.length > 0) return value;
    }
    return null;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}
