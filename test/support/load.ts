/**
 * Load over HTTP/1.1 keep-alive connections, cheap enough to share a machine with what it loads. Every answer is
 * looked at: a status that is not 2xx, a lost connection or a wrong body is a failure.
 */
import type { Socket } from "bun";
import { openWriter, type SocketWriter } from "./socket.ts";

export interface LoadOptions {
  readonly port: number;
  readonly requests: number;
  readonly connections: number;
  /** The bytes of a request, head and body. Called with the request's index. */
  readonly request: (index: number) => Uint8Array;
  /** Looks at a 2xx answer; a text says what is wrong with it. */
  readonly check?: (head: string, body: Uint8Array) => string | null;
  /** Requests a second over all connections; without it as fast as answers come. */
  readonly rate?: number;
  /** Ends the load early; requests already sent are still waited for. */
  readonly signal?: AbortSignal;
}

export interface LoadResult {
  readonly answered: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** Number and first few texts of what went wrong. */
  readonly failed: number;
  readonly failures: readonly string[];
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Lane {
  socket: Socket<Lane> | null;
  sentAt: number;
  busy: boolean;
  received: Buffer;
  unsent: Uint8Array | null;
}

export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { requests, connections, port, signal } = options;
  const statuses = new Map<number, number>();
  const failures: string[] = [];
  const latencies = new Float64Array(requests);
  const done = Promise.withResolvers<void>();
  const lanes: Lane[] = [];
  const idle: Lane[] = [];
  let failed = 0;
  let sent = 0;
  let finished = 0;
  let answered = 0;
  const started = performance.now();

  const fail = (text: string): void => {
    failed++;
    if (failures.length < 5) failures.push(text);
  };
  const finish = (lane: Lane): void => {
    lane.busy = false;
    finished++;
    if (finished >= sent && (sent >= requests || signal?.aborted === true)) return done.resolve();
    if (options.rate === undefined) send(lane);
    else idle.push(lane);
  };
  const send = (lane: Lane): void => {
    if (sent >= requests || signal?.aborted === true) return;
    const bytes = options.request(sent++);
    lane.busy = true;
    lane.sentAt = performance.now();
    if (lane.socket === null) {
      void open(lane).then(() => flush(lane, bytes));
      return;
    }
    flush(lane, bytes);
  };
  const flush = (lane: Lane, bytes: Uint8Array): void => {
    const taken = lane.socket?.write(bytes) ?? -1;
    lane.unsent = taken >= 0 && taken < bytes.length ? bytes.subarray(taken) : null;
  };
  const receive = (lane: Lane, bytes: Buffer): void => {
    lane.received = lane.received.length === 0 ? bytes : Buffer.concat([lane.received, bytes]);
    const answer = takeAnswer(lane.received);
    if (answer === null) return;
    lane.received = lane.received.subarray(answer.end);
    latencies[answered++] = performance.now() - lane.sentAt;
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status < 200 || answer.status > 299) fail(`status ${answer.status}: ${answer.head.slice(0, 300)}`);
    else {
      const complaint = options.check?.(answer.head, answer.body);
      if (typeof complaint === "string") fail(complaint);
    }
    finish(lane);
  };
  const lose = (lane: Lane): void => {
    lane.socket = null;
    lane.received = Buffer.alloc(0);
    if (!lane.busy) return;
    fail("the connection closed before its answer");
    finish(lane);
  };
  const open = async (lane: Lane): Promise<void> => {
    await Bun.connect<Lane>({
      hostname: "127.0.0.1",
      port,
      data: lane,
      socket: {
        open: (socket) => {
          socket.data.socket = socket;
        },
        data: (socket, bytes) => receive(socket.data, Buffer.from(bytes)),
        drain: (socket) => {
          if (socket.data.unsent !== null) flush(socket.data, socket.data.unsent);
        },
        close: (socket) => lose(socket.data),
        connectError: (_socket, error) => fail(String(error)),
      },
    });
  };

  for (let index = 0; index < connections; index++) {
    const lane: Lane = { socket: null, sentAt: 0, busy: false, received: Buffer.alloc(0), unsent: null };
    await open(lane);
    lanes.push(lane);
  }
  signal?.addEventListener("abort", () => {
    if (finished >= sent) done.resolve();
  });
  if (options.rate === undefined) for (const lane of lanes) send(lane);
  else void pace(options.rate, requests, idle, lanes, send, () => signal?.aborted === true);
  await done.promise;
  const seconds = (performance.now() - started) / 1000;
  for (const lane of lanes) lane.socket?.end();
  const sorted = latencies.subarray(0, answered).sort();
  return {
    answered,
    statuses,
    failed,
    failures,
    seconds,
    requestsPerSecond: answered / seconds,
    p50Ms: sorted[Math.floor(answered * 0.5)] ?? 0,
    p99Ms: sorted[Math.floor(answered * 0.99)] ?? 0,
  };
}

/** Hands a request to an idle lane whenever one is due; when none is idle the request waits. */
async function pace(
  rate: number,
  requests: number,
  idle: Lane[],
  lanes: readonly Lane[],
  send: (lane: Lane) => void,
  isAborted: () => boolean,
): Promise<void> {
  idle.push(...lanes);
  const started = performance.now();
  let handed = 0;
  while (handed < requests && !isAborted()) {
    const due = Math.min(requests, Math.floor(((performance.now() - started) / 1000) * rate));
    while (handed < due) {
      const lane = idle.pop();
      if (lane === undefined) break;
      handed++;
      send(lane);
    }
    await Bun.sleep(1);
  }
}

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: Uint8Array;
  /** Bytes of the whole answer. */
  readonly end: number;
}

function takeAnswer(received: Buffer): Answer | null {
  const headEnd = received.indexOf("\r\n\r\n", 0, "latin1");
  if (headEnd < 0) return null;
  const head = received.toString("latin1", 0, headEnd);
  const status = Number(head.slice(9, 12));
  const lower = head.toLowerCase();
  const bodyStart = headEnd + 4;
  const lengthAt = lower.indexOf("\r\ncontent-length: ");
  if (lengthAt >= 0) {
    const end = bodyStart + Number.parseInt(head.slice(lengthAt + 18), 10);
    return received.length < end ? null : { status, head, body: received.subarray(bodyStart, end), end };
  }
  if (!lower.includes("\r\ntransfer-encoding: chunked")) {
    return { status, head, body: received.subarray(bodyStart, bodyStart), end: bodyStart };
  }
  const pieces: Uint8Array[] = [];
  for (let at = bodyStart; ;) {
    const lineEnd = received.indexOf("\r\n", at, "latin1");
    if (lineEnd < 0) return null;
    const size = Number.parseInt(received.toString("latin1", at, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (received.length < end) return null;
    if (size === 0) return { status, head, body: Buffer.concat(pieces), end };
    pieces.push(received.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = end;
  }
}

/** The upstream of a load: answers every request with the same bytes once its body has come. */
export interface ConstantUpstream extends Disposable {
  readonly port: number;
  readonly requests: number;
  /** Bytes of all request bodies together. */
  readonly bodyBytes: number;
}

export function startConstantUpstream(body = "hello"): ConstantUpstream {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n`;
  const answer = Buffer.from(head + body);
  let requests = 0;
  let bodyBytes = 0;
  const server = Bun.listen<{ skip: number; rest: Buffer; writer: SocketWriter }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = { skip: 0, rest: Buffer.alloc(0), writer: openWriter(socket) };
      },
      drain: (socket) => socket.data.writer.onDrain(),
      data: (socket, bytes) => {
        const state = socket.data;
        let buffer = state.rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([state.rest, bytes]);
        for (;;) {
          const skipped = Math.min(state.skip, buffer.length);
          state.skip -= skipped;
          bodyBytes += skipped;
          buffer = buffer.subarray(skipped);
          if (skipped > 0 && state.skip === 0) state.writer.write(answer);
          const headEnd = state.skip > 0 ? -1 : buffer.indexOf("\r\n\r\n", 0, "latin1");
          if (headEnd < 0) break;
          requests++;
          const length = /\r\ncontent-length: (\d+)/i.exec(buffer.toString("latin1", 0, headEnd + 2))?.[1];
          buffer = buffer.subarray(headEnd + 4);
          state.skip = Number(length ?? 0);
          if (state.skip === 0) state.writer.write(answer);
        }
        state.rest = buffer;
      },
    },
  });
  return {
    port: server.port,
    get requests() {
      return requests;
    },
    get bodyBytes() {
      return bodyBytes;
    },
    [Symbol.dispose]: () => server.stop(true),
  };
}
