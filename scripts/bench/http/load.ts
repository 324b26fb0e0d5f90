/** HTTP load on a fixed number of connections: as fast as answers come, or at a fixed rate whatever the answers do. */
import type { Load } from "../load.ts";
import { HttpConnection } from "./connection.ts";

export interface HttpLoad extends Load {
  /**
   * Milliseconds of every answered request since this was last called. They count from the moment the request was due,
   * so that a server that stalls, or lets clients connect again, pays for all requests it kept waiting.
   */
  takeLatencies(): number[];
}

export type Pace = { readonly kind: "saturation" } | { readonly kind: "rate"; readonly perSecond: number };

export interface HttpTarget {
  readonly port: number;
  /** Head and body, see `encodeRequest`. */
  readonly request: Uint8Array;
  readonly connections: number;
}

/** Rejects when nobody listens on the port. */
export async function startHttpLoad(target: HttpTarget, pace: Pace): Promise<HttpLoad> {
  const load = new PacedLoad(target, pace);
  await load.connect();
  load.start();
  return load;
}

class PacedLoad implements HttpLoad {
  completed = 0;
  failed = 0;
  readonly #target: HttpTarget;
  readonly #pace: Pace;
  readonly #lines = new Set<Line>();
  readonly #free: Line[] = [];
  /** When the requests that wait for a line were due; the oldest first. */
  #due: number[] = [];
  #latencies: number[] = [];
  #timer: Timer | null = null;
  #stopped = false;

  constructor(target: HttpTarget, pace: Pace) {
    this.#target = target;
    this.#pace = pace;
  }

  async connect(): Promise<void> {
    await Promise.all(Array.from({ length: this.#target.connections }, () => this.#addLine()));
  }

  start(): void {
    if (this.#pace.kind === "saturation") {
      for (const line of this.#free.splice(0)) this.#send(line, performance.now());
      return;
    }
    const periodMs = 1000 / this.#pace.perSecond;
    let nextDue = performance.now();
    this.#timer = setInterval(() => {
      for (const now = performance.now(); nextDue <= now; nextDue += periodMs) this.#due.push(nextDue);
      this.#sendDue();
    }, 1);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const line of this.#lines) line.connection.close();
  }

  takeLatencies(): number[] {
    const latencies = this.#latencies;
    this.#latencies = [];
    return latencies;
  }

  async #addLine(): Promise<void> {
    const connection = new HttpConnection(this.#target.request, {
      answered: (status, closes) => this.#onAnswer(line, status, closes),
      lost: () => this.#onLost(line),
    });
    const line: Line = { connection, dueMs: null };
    await connection.open(this.#target.port);
    if (this.#stopped) return connection.close();
    this.#lines.add(line);
    this.#free.push(line);
  }

  #send(line: Line, dueMs: number): void {
    line.dueMs = dueMs;
    line.connection.send();
  }

  #sendDue(): void {
    const sendable = Math.min(this.#due.length, this.#free.length);
    for (const dueMs of this.#due.splice(0, sendable)) {
      const line = this.#free.pop();
      if (line !== undefined) this.#send(line, dueMs);
    }
  }

  #onAnswer(line: Line, status: number, closes: boolean): void {
    const now = performance.now();
    this.completed++;
    if (status < 200 || status > 299) this.failed++;
    if (line.dueMs !== null) this.#latencies.push(now - line.dueMs);
    line.dueMs = null;
    if (closes) return this.#replace(line);
    if (this.#pace.kind === "saturation") return this.#send(line, now);
    this.#free.push(line);
    if (this.#due.length > 0) this.#sendDue();
  }

  #onLost(line: Line): void {
    const index = this.#free.indexOf(line);
    if (index >= 0) this.#free.splice(index, 1);
    if (line.dueMs !== null) this.failed++;
    this.#replace(line);
  }

  #replace(line: Line): void {
    this.#lines.delete(line);
    line.connection.close();
    if (this.#stopped) return;
    // Connecting is part of how long the next request takes.
    if (this.#pace.kind === "saturation") this.#due.push(performance.now());
    this.#addLine().then(
      () => this.#sendDue(),
      (error: unknown) => {
        if (!this.#stopped) console.error(`cannot connect to port ${this.#target.port} again: ${String(error)}`);
      },
    );
  }
}

/** A connection and when its request was due; null while it is free. */
interface Line {
  readonly connection: HttpConnection;
  dueMs: number | null;
}
