/** A well-behaved client that calls one method again and again while others misbehave. */
import { FrameType } from "../../src/http2/frame-header.ts";
import { data, headers, RawClient, requestBlock, type Target, windowUpdate } from "./raw-client.ts";

const PAUSE_MS = 20;
/** An answer that takes longer counts as none. */
const PATIENCE_MS = 2_000;

export class Witness {
  answered = 0;
  failed = 0;
  slowestMs = 0;
  readonly #client: RawClient;
  readonly #block: Buffer;
  #stopped = false;
  #done: Promise<void> = Promise.resolve();

  static async start(target: Target, path: string): Promise<Witness> {
    const witness = new Witness(await RawClient.open(target), path);
    witness.#done = witness.#callOnAndOn();
    return witness;
  }

  private constructor(client: RawClient, path: string) {
    this.#client = client;
    this.#block = requestBlock(path);
  }

  async stop(): Promise<Witness> {
    this.#stopped = true;
    await this.#done;
    this.#client.close();
    return this;
  }

  async #callOnAndOn(): Promise<void> {
    for (let id = 1; !this.#stopped; id += 2) {
      const start = performance.now();
      this.#client.send(headers(id, false, this.#block), data(id, true, Buffer.alloc(5)));
      try {
        await this.#client.frame(({ streamId, flags }) => streamId === id && (flags & 1) === 1, PATIENCE_MS);
        this.answered++;
      } catch {
        // Counted and reported at the end; what came instead does not matter.
        this.failed++;
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - start);
      const received = this.#client.frames.filter(({ type }) => type === FrameType.DATA);
      const bytes = received.reduce((sum, { payload }) => sum + payload.length, 0);
      if (bytes > 0) this.#client.send(windowUpdate(0, bytes));
      this.#client.frames.length = 0;
      await Bun.sleep(PAUSE_MS);
    }
  }
}
