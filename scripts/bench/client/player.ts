/** Plays a workload's exchange against an ext_proc server, over and over, without a proxy. */
import type { Load } from "../load.ts";
import type { Workload } from "../workloads.ts";
import { ExchangeConnection } from "./connection.ts";
import { type ExchangeScript, writeScript } from "./script.ts";

export interface ExchangeLoad extends Load {
  readonly answers: number;
  /** Serialised ProcessingResponses, without prefix and framing. */
  readonly answerBytes: number;
  /** Connections opened so far: a server that sends GOAWAY makes it grow. */
  readonly connections: number;
}

export interface Concurrency {
  readonly connections: number;
  readonly streamsPerConnection: number;
}

/** Opens the connections; one the server ends is followed by a new one. */
export function playExchanges(port: number, workload: Workload, concurrency: Concurrency): ExchangeLoad {
  const script = writeScript(workload);
  const open = new Set<ExchangeConnection>();
  let stopped = false;
  const load = {
    completed: 0,
    failed: 0,
    answers: 0,
    answerBytes: 0,
    connections: 0,
    stop() {
      stopped = true;
      for (const connection of open) connection.close();
    },
  };
  const connect = (): void => {
    if (stopped) return;
    load.connections++;
    const connection = new ExchangeConnection(script, concurrency.streamsPerConnection, {
      answered(bytes) {
        load.answers++;
        load.answerBytes += bytes;
      },
      completed: () => void load.completed++,
      failed: () => void load.failed++,
      closed() {
        open.delete(connection);
        connect();
      },
    });
    open.add(connection);
    connection.open(port).catch((error: unknown) => {
      open.delete(connection);
      console.error(`cannot connect to port ${port}: ${String(error)}`);
    });
  };
  for (let index = 0; index < concurrency.connections; index++) connect();
  return load;
}

/** Resolves when one exchange was answered; connects again and again until somebody listens. */
export async function playOneExchange(port: number, workload: Workload, timeoutMs = 10_000): Promise<void> {
  const script = writeScript(workload);
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await answersOneExchange(port, script, deadline - performance.now())) return;
    if (performance.now() > deadline)
      throw new Error(`no exchange was answered on port ${port} within ${timeoutMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function answersOneExchange(port: number, script: ExchangeScript, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  const connection = new ExchangeConnection(script, 1, {
    answered() {},
    completed: () => resolve(true),
    failed: () => resolve(false),
    closed: () => resolve(false),
  });
  try {
    await connection.open(port);
    return await promise;
  } catch {
    return false; // nobody listens yet
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}
