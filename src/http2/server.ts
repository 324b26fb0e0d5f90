/** An HTTP/2 server: accepts connections, moves their clock, drains them. */
import type { Socket } from "bun";
import { Connection, type ConnectionOwner } from "./connection.ts";
import type { Http2Acceptor, Http2Observer, Http2Server, Http2ServerOptions, ListenAddress } from "./contract.ts";
import { type Listener, listen, type SocketData } from "./listen.ts";
import { resolveLimits, type ServerLimits } from "./options.ts";

/**
 * Listens and serves. Rejects when the address cannot be had, with the system's error (`code` EADDRINUSE, EACCES, …), or
 * when the TLS texts are unusable.
 */
export async function openHttp2Server(
  options: Http2ServerOptions,
  acceptor: Http2Acceptor,
  observer: Http2Observer = SILENT,
): Promise<Http2Server> {
  const server = new Server(acceptor, observer, resolveLimits(options));
  await server.listen(options);
  return server;
}

const SILENT: Http2Observer = {
  connectionOpened() {},
  connectionClosed() {},
  abuseRefused() {},
};

/** After this the second GOAWAY goes out, whether or not the peer acknowledged the first (RFC 9113 section 6.8). */
const GOAWAY_INTERVAL_MS = 1_000;
/** How long a drain waits for peers to close what has ended here. */
const LAST_WORDS_MS = 500;
/** Silence after which the system asks whether a peer is still there. */
const KEEP_ALIVE_MS = 60_000;
/** Deadlines are kept with this precision. */
const SWEEP_SLOWEST_MS = 1_000;
const SWEEP_FASTEST_MS = 20;
/** Steps in which the shortest deadline is watched. */
const SWEEPS_PER_DEADLINE = 8;
const MOST_SWEEPS_AT_ONCE = 2;

type ServerSocket = Socket<SocketData<Connection>>;

class Server implements Http2Server, ConnectionOwner {
  readonly acceptor: Http2Acceptor;
  readonly observer: Http2Observer;
  readonly limits: ServerLimits;
  nowMs = 0;
  openStreams = 0;
  /** Every accepted socket that is not closed yet. */
  readonly #connections = new Set<Connection>();
  /** Those of them that still serve. */
  #serving = 0;
  #unflushed: Connection[] = [];
  #listener: Listener | null = null;
  readonly #sweepIntervalMs: number;
  #sweptAtMs = 0;
  #sweepTimer: ReturnType<typeof setInterval> | null = null;
  #draining = false;
  readonly #drained = Promise.withResolvers<void>();

  constructor(acceptor: Http2Acceptor, observer: Http2Observer, limits: ServerLimits) {
    this.acceptor = acceptor;
    this.observer = observer;
    this.limits = limits;
    this.#sweepIntervalMs = sweepIntervalMs(limits);
  }

  get address(): ListenAddress {
    if (this.#listener === null) throw new Error("the server does not listen");
    return this.#listener.address;
  }

  async listen(options: Http2ServerOptions): Promise<void> {
    const isTls = options.tls !== undefined;
    this.#listener = await listen<Connection>(options, {
      open: (socket) => this.#accept(socket, !isTls),
      handshake: (socket, success) => {
        // In TLS 1.3 a client may send before we judged its certificate: nothing is served until we did.
        if (success) socket.data.connection.open();
        else socket.data.connection.terminate("TLS handshake failed");
      },
      data: (socket, chunk) => socket.data.connection.receive(chunk),
      drain: (socket) => socket.data.connection.drained(),
      close: (socket) => this.#forget(socket.data.connection),
      // TLS that fails after its handshake; our own callbacks let nothing through.
      error: (socket) => socket.data.connection.terminate("socket error"),
    });
  }

  drain(deadline: AbortSignal): Promise<void> {
    if (!this.#draining) {
      this.#draining = true;
      for (const connection of this.#connections) connection.announceGoaway();
      if (this.#serving === 0) this.#finishGoaways();
      else setTimeout(this.#finishGoaways, GOAWAY_INTERVAL_MS);
    }
    if (deadline.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      deadline.addEventListener("abort", () => resolve(), { once: true });
      void this.#drained.promise.then(resolve);
    });
  }

  close(): void {
    this.#stopListening();
    for (const connection of this.#connections) connection.terminate("server closed");
    this.#drained.resolve();
  }

  // --- for connections ---------------------------------------------------------------------------------------------

  flushSoon(connection: Connection): void {
    // A microtask costs the same, but would split what several callbacks of one turn of the loop answer.
    if (this.#unflushed.push(connection) === 1) setImmediate(this.#flushAll);
  }

  streamOpened(): void {
    this.openStreams++;
  }

  streamClosed(): void {
    this.openStreams--;
  }

  connectionDone(reason: string): void {
    this.#serving--;
    this.observer.connectionClosed(reason);
    if (this.#draining && this.#serving === 0) this.#finishGoaways();
  }

  // --- helpers -----------------------------------------------------------------------------------------------------

  #accept(socket: ServerSocket, serveNow: boolean): void {
    if (this.#connections.size === 0) this.#startSweeps();
    // A peer that vanished without a word would keep its streams open for ever.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const connection = new Connection(socket, this);
    socket.data = { connection };
    this.#connections.add(connection);
    this.#serving++;
    if (serveNow) connection.open();
    if (this.#draining) connection.announceGoaway();
  }

  #forget(connection: Connection): void {
    connection.closed();
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    this.#stopSweeps();
    if (this.#draining && this.#serving === 0) this.#drained.resolve();
  }

  /** Everything gathered outside of read passes leaves, one write a connection. */
  readonly #flushAll = (): void => {
    const connections = this.#unflushed;
    this.#unflushed = [];
    for (const connection of connections) connection.flush();
  };

  /** Every connection was asked to go: what was opened until now is served, and nobody new is let in. */
  readonly #finishGoaways = (): void => {
    this.#stopListening();
    for (const connection of this.#connections) connection.finishGoaway();
    if (this.#serving > 0) return;
    // A peer that still writes to a socket we closed is answered with RST, and drops the answers it has not read yet:
    // Envoy resets every stream it has read to its end. It closes when it has read our FIN.
    if (this.#connections.size === 0) this.#drained.resolve();
    else setTimeout(this.#drained.resolve, LAST_WORDS_MS);
  };

  #stopListening(): void {
    this.#listener?.stop();
  }

  #startSweeps(): void {
    this.nowMs = 0;
    this.#sweepTimer = setInterval(() => this.#sweep(), sweepIntervalMs(this.limits));
    this.#sweepTimer.unref();
  }

  #stopSweeps(): void {
    if (this.#sweepTimer !== null) clearInterval(this.#sweepTimer);
    this.#sweepTimer = null;
  }

  #sweep(): void {
    const now = performance.now();
    // After a function blocked the thread nobody's silence is known: what peers sent waits to be read.
    const elapsedMs = Math.min(now - this.#sweptAtMs, MOST_SWEEPS_AT_ONCE * this.#sweepIntervalMs);
    this.#sweptAtMs = now;
    this.nowMs += elapsedMs;
    for (const connection of this.#connections) connection.sweep(elapsedMs);
  }
}

/** Often enough for the shortest deadline. */
function sweepIntervalMs(limits: ServerLimits): number {
  const deadlines = [
    limits.prefaceTimeoutMs,
    limits.headersTimeoutMs,
    limits.settingsTimeoutMs,
    limits.stallTimeoutMs,
    ...(limits.idleTimeoutMs > 0 ? [limits.idleTimeoutMs] : []),
  ];
  const interval = Math.min(...deadlines) / SWEEPS_PER_DEADLINE;
  return Math.min(SWEEP_SLOWEST_MS, Math.max(SWEEP_FASTEST_MS, interval));
}
