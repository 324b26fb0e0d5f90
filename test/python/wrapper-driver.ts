/**
 * Stands in for a processor that drives a Python wrapper: the other half of the protocol, written from its description and
 * on purpose without anything of the processor's own.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface DrivenWrapper extends AsyncDisposable {
  readonly pid: number;
  /** Lines of the event socket and of the control socket, as they came. */
  readonly events: readonly string[];
  readonly control: readonly string[];
  /** Standard output and error so far. */
  readonly output: () => string;
  /** Code, or the signal's name. */
  readonly exited: Promise<number | string>;
  /** Bytes as they are. */
  write(bytes: Uint8Array): void;
  /** One event, or a batch, framed. */
  send(message: unknown): void;
  /** Sends, and resolves with the lines up to the one that begins with `last` (default "r" or "e"). */
  ask(message: unknown, last?: string): Promise<string[]>;
  /** The next line of the event socket that begins so; lines before it are passed over. */
  until(start: string | RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** When the wrapper has connected to the control socket. */
  readonly connected: Promise<void>;
  /** Stops and goes on reading the event socket. */
  pause(): void;
  resume(): void;
  /** Closes both sockets. */
  hangUp(): void;
}

export interface DriveOptions {
  readonly wrapper: string;
  /** Default: NUCLIO_PYTHON_EXE_PATH, else `python3`. */
  readonly python?: string;
  /** Where the handler's module is. */
  readonly directory: string;
  readonly handler: string;
  readonly arguments?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export async function driveWrapper(options: DriveOptions): Promise<DrivenWrapper> {
  const directory = await mkdtemp(join(tmpdir(), "wrapper-driver-"));
  const paths = { event: join(directory, "e.sock"), control: join(directory, "c.sock") };
  const events = await listen(paths.event);
  const control = await listen(paths.control);
  const named = Object.entries({
    handler: options.handler,
    "event-socket-path": paths.event,
    "control-socket-path": paths.control,
    "platform-kind": "local",
    namespace: "shop",
    "worker-id": "3",
    "trigger-kind": "http",
    "trigger-name": "front",
  }).flatMap(([name, value]) => [`--${name}`, value]);
  const more = options.arguments ?? ["--decode-event-strings"];
  const child = Bun.spawn(
    [options.python ?? process.env["NUCLIO_PYTHON_EXE_PATH"] ?? "python3", "-u", options.wrapper, ...named, ...more],
    {
      env: { ...process.env, PYTHONPATH: options.directory, ...options.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  let output = "";
  const read = Promise.all(
    [child.stdout, child.stderr].map(async (stream) => {
      for await (const chunk of stream) output += Buffer.from(chunk).toString();
    }),
  );
  const exited = child.exited.then(async (code) => {
    await read;
    return child.signalCode ?? code;
  });
  const until = (start: string | RegExp): Promise<string> => {
    const matches = (line: string): boolean => (typeof start === "string" ? line.startsWith(start) : start.test(line));
    return events.next(matches, exited, () => output);
  };
  return {
    pid: child.pid,
    events: events.lines,
    control: control.lines,
    output: () => output,
    exited,
    write: (bytes) => events.socket().write(bytes),
    send: (message) => events.socket().write(frame(encode(message))),
    async ask(message, last) {
      const from = events.taken();
      events.socket().write(frame(encode(message)));
      await until(last ?? /^[re]/);
      return events.lines.slice(from, events.taken());
    },
    until,
    signal: (name) => child.kill(name),
    connected: control.connected,
    pause: () => void events.socket().pause(),
    resume: () => void events.socket().resume(),
    hangUp() {
      events.close();
      control.close();
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
      events.close();
      control.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** An event as a processor sends it, with every key. */
export function event(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const body = overrides["body"] ?? new Uint8Array(0);
  return {
    body,
    content_type: "text/plain",
    "content-type": "text/plain",
    trigger: { kind: "http", name: "front" },
    fields: null,
    headers: null,
    id: "e-1",
    method: "POST",
    path: "/",
    size: body instanceof Uint8Array ? body.byteLength : 0,
    timestamp: 1_700_000_000,
    url: "",
    shard_id: -1,
    num_shards: 0,
    type: "",
    type_version: "",
    version: "",
    offset: 0,
    topic: "",
    ...overrides,
  };
}

export function frame(payload: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(4 + payload.byteLength);
  framed.writeInt32BE(payload.byteLength);
  framed.set(payload, 4);
  return framed;
}

/** MessagePack in its longest forms only. */
export function encode(value: unknown): Uint8Array {
  if (value === null || value === undefined) return Buffer.of(0xc0);
  if (typeof value === "boolean") return Buffer.of(value ? 0xc3 : 0xc2);
  if (typeof value === "number") {
    const number = Buffer.alloc(9);
    if (Number.isInteger(value)) number.writeBigInt64BE(BigInt(value), number.writeUInt8(0xd3));
    else number.writeDoubleBE(value, number.writeUInt8(0xcb));
    return number;
  }
  if (typeof value === "string") return Buffer.concat([sized(0xdb, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([sized(0xc6, value.byteLength), value]);
  if (Array.isArray(value)) return Buffer.concat([sized(0xdd, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([sized(0xdf, entries.length), ...entries.flat().map(encode)]);
}

function sized(type: number, size: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(size, head.writeUInt8(type));
  return head;
}

interface Line {
  readonly connected: Promise<void>;
  readonly lines: string[];
  /** Lines that were waited for, and those before them. */
  taken(): number;
  socket(): Socket;
  next(matches: (line: string) => boolean, exited: Promise<unknown>, output: () => string): Promise<string>;
  close(): void;
}

const PATIENCE_MS = 10_000;

async function listen(path: string): Promise<Line> {
  const lines: string[] = [];
  let rest = "";
  let taken = 0;
  let socket: Socket | null = null;
  let wake = Promise.withResolvers<void>();
  const connected = Promise.withResolvers<void>();
  const server: Server = createServer((accepted) => {
    socket = accepted;
    connected.resolve();
    accepted.setEncoding("utf8");
    accepted.on("error", () => {});
    accepted.on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      wake.resolve();
      wake = Promise.withResolvers();
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    connected: connected.promise,
    lines,
    taken: () => taken,
    socket() {
      if (socket === null) throw new Error("the wrapper has not connected");
      return socket;
    },
    async next(matches, exited, output) {
      let over = false;
      void exited.then(() => {
        over = true;
        wake.resolve();
      });
      for (const deadline = Date.now() + PATIENCE_MS; ;) {
        const at = lines.findIndex((line, index) => index >= taken && matches(line));
        if (at >= 0) {
          taken = at + 1;
          return lines[at] ?? "";
        }
        if (over || Date.now() > deadline) throw new Error(`the line did not come:\n${lines.join("\n")}\n${output()}`);
        await Promise.race([wake.promise, Bun.sleep(100)]);
      }
    },
    close() {
      socket?.destroy();
      server.close();
    },
  };
}
