/** A client that behaves, on a connection of its own, while others do not. */
import { openConnection } from "../support/client.ts";

export class Witness {
  readonly #stop = new AbortController();
  readonly #work: Promise<void>;
  #served = 0;
  #slowestMs = 0;
  #failure: string | null = null;

  constructor(port: number) {
    this.#work = this.#ask(port);
  }

  /** What it saw: "served" when every request was answered with 200 in time. */
  async report(limitMs: number): Promise<string> {
    this.#stop.abort();
    await this.#work;
    if (this.#failure !== null) return this.#failure;
    if (this.#served === 0) return "never served";
    return this.#slowestMs > limitMs ? `kept waiting for ${Math.round(this.#slowestMs)} ms` : "served";
  }

  async #ask(port: number): Promise<void> {
    try {
      using connection = await openConnection(port);
      do {
        const sentAt = performance.now();
        connection.send({ path: "/" });
        const { status } = await connection.response();
        if (status !== 200) this.#failure ??= `answered with ${status}`;
        this.#served++;
        this.#slowestMs = Math.max(this.#slowestMs, performance.now() - sentAt);
        await Bun.sleep(10);
      } while (!this.#stop.signal.aborted);
    } catch (error) {
      this.#failure = String(error);
    }
  }
}
