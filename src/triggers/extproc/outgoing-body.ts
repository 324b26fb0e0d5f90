/** A body the function gave piece by piece, read as fast as it can be sent. */
import { type PieceReader, readPieces, toBytes } from "../../function/body-pieces.ts";
import type { FlowingBody } from "../../function/contract.ts";
import { ChunkList } from "./chunk-list.ts";

export class OutgoingBody {
  /** The function's stream has ended; what `take` still gives is its rest. */
  ended = false;
  readonly #reader: PieceReader;
  readonly #produced: () => void;
  readonly #failed: (error: unknown) => void;
  readonly #chunks = new ChunkList();
  #resume: (() => void) | null = null;
  #readsOn = false;
  #stopped = false;

  /** `produced` is called when bytes came or the stream ended, `failed` when it broke. */
  constructor(body: FlowingBody, produced: () => void, failed: (error: unknown) => void) {
    this.#reader = readPieces(body);
    this.#produced = produced;
    this.#failed = failed;
  }

  /** Begins to read. What the pieces are made of may be asked for before this returns. */
  start(): void {
    void this.#pump();
  }

  /** Bytes read and not taken. */
  get size(): number {
    return this.#chunks.bytes;
  }

  /** Everything read so far, in one piece. */
  take(): Uint8Array {
    const bytes = this.#chunks.join();
    this.takeChunks();
    return bytes;
  }

  /** Everything read so far, as it came. */
  takeChunks(): readonly Uint8Array[] {
    this.#readsOn = false;
    this.#wake();
    return this.#chunks.take();
  }

  /** Reads without pausing until the next `take…`, which has to get everything; the caller minds `size`. */
  readOn(): void {
    this.#readsOn = true;
    this.#wake();
  }

  /** Nobody takes the bytes any more. */
  cancel(reason: unknown): void {
    this.#stopped = true;
    this.#wake();
    this.#reader.cancel(reason).catch(() => {}); // what makes the pieces may fail to end; it is of no use any more
  }

  #wake(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (this.#stopped) return;
        if (done === true) break;
        const bytes = toBytes(value);
        if (bytes.length === 0) continue;
        this.#chunks.push(bytes);
        this.#produced();
        if (this.#chunks.bytes < HIGH_WATER_BYTES || this.#readsOn || this.#stopped) continue;
        this.#chunks.own();
        await new Promise<void>((resolve) => (this.#resume = resolve));
      }
    } catch (error) {
      if (!this.#stopped) this.#failed(error);
      return;
    }
    this.ended = true;
    this.#produced();
  }
}

/** Read ahead of what the proxy takes. */
const HIGH_WATER_BYTES = 64 * 1024;
