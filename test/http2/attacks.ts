/**
 * Attacks a running cleartext HTTP/2 gRPC server at frame level and checks that each ends as it must, while another
 * connection keeps being served.
 *
 *   bun test/http2/attacks.ts HOST:PORT /package.Service/Method [--pid PID]
 *
 * The method must wait for a message before it answers; `/grpc.health.v1.Health/Check` will do. With `--pid` the
 * server's memory is watched too. Takes about 40 seconds (deadlines of 10 and 30 s run out). Exits 1 on any failure.
 */
import { parseArgs } from "node:util";
import { ErrorCode } from "../../src/http2/contract.ts";
import { FrameFlag, FrameType } from "../../src/http2/frame-header.ts";
import { HpackDecoder } from "../../src/http2/hpack/decoder.ts";
import {
  data,
  frame,
  headers,
  literal,
  ping,
  PREFACE,
  RawClient,
  requestBlock,
  reset,
  SETTINGS_ACK,
  settings,
  type Target,
  uint32,
  windowUpdate,
} from "./raw-client.ts";
import { residentMegabytes } from "./served.ts";
import { Witness } from "./witness.ts";

interface Attack {
  readonly name: string;
  readonly reference: string;
  readonly expected: string;
  /** What came of it; must equal `expected`. */
  run(): Promise<string>;
}

const EMPTY_MESSAGE = Buffer.alloc(5);
const CALM = "GOAWAY ENHANCE_YOUR_CALM";
const FLOOD_STEPS = 30_000;
const ALLOWED_GROWTH_MB = 96;
/** The server's deadlines of 10 s and 30 s, and time to notice. */
const SHORT_DEADLINE_MS = 14_000;
const LONG_DEADLINE_MS = 36_000;

const { values, positionals } = parseArgs({ options: { pid: { type: "string" } }, allowPositionals: true });
const [address = "", path = ""] = positionals;
const [hostname = "", port = ""] = address.split(":");
if (port === "" || path === "") {
  console.error("usage: bun test/http2/attacks.ts HOST:PORT /package.Service/Method [--pid PID]");
  process.exit(2);
}
const target: Target = { hostname, port: Number(port) };
const block = requestBlock(path);
const pid = values.pid === undefined ? null : Number(values.pid);

function idOf(index: number): number {
  return 2 * index + 1;
}

/** How a connection stands: its GOAWAY, its end, or that it serves on. */
async function outcomeOf(client: RawClient, withinMs = 2_000): Promise<string> {
  await client
    .until(() => client.closed || client.frames.some(({ type }) => type === FrameType.GOAWAY), withinMs)
    .catch(() => {});
  const goaway = client.frames.find(({ type }) => type === FrameType.GOAWAY);
  if (goaway !== undefined) return `GOAWAY ${nameOf(goaway.payload.readUInt32BE(4))}`;
  return client.closed ? "closed" : "serves on";
}

function nameOf(code: number): string {
  return Object.entries(ErrorCode).find(([, value]) => value === code)?.[0] ?? `code ${code}`;
}

/** Sends what `step` makes of 0, 1, 2, …, reading what comes back, until the connection ends. */
async function flood(step: (index: number) => readonly Buffer[], steps = FLOOD_STEPS): Promise<string> {
  const client = await RawClient.open(target);
  for (let index = 0; index < steps && !client.closed;) {
    const batch: Buffer[] = [];
    for (let count = 0; count < 200 && index < steps; count++) batch.push(...step(index++));
    client.send(...batch);
    await Bun.sleep(0);
  }
  const outcome = await outcomeOf(client, 1_000);
  client.close();
  return outcome;
}

/** Sends frames once and says how the connection stands. */
async function send(...frames: readonly Buffer[]): Promise<string> {
  const client = await RawClient.open(target);
  client.send(...frames);
  const outcome = await outcomeOf(client, 1_000);
  client.close();
  return outcome;
}

/** Sends bytes to a fresh socket and waits for the server's verdict on a peer that goes no further. */
async function stopAfter(deadlineMs: number, ...bytes: readonly Buffer[]): Promise<string> {
  const client = await RawClient.connect(target);
  client.send(...bytes);
  await client.until(() => client.closed, deadlineMs).catch(() => {});
  const outcome = client.closed ? "closed" : "serves on";
  client.close();
  return outcome;
}

/** The status with which one call ends: "grpc-status N", or how its stream or connection was ended. */
async function statusOf(frames: readonly Buffer[]): Promise<string> {
  const client = await RawClient.open(target);
  client.send(...frames);
  const ended = () =>
    client.frames.find(
      ({ streamId, type, flags }) => streamId === 1 && (type === FrameType.RST_STREAM || (flags & 1) === 1),
    );
  await client.until(() => client.closed || ended() !== undefined, 2_000).catch(() => {});
  const decoder = new HpackDecoder(4_096, 65_536);
  let status = ended() === undefined ? await outcomeOf(client, 0) : "RST_STREAM";
  for (const { type, payload } of client.frames) {
    if (type !== FrameType.HEADERS) continue;
    decoder.decode(payload, 0, payload.length);
    const at = decoder.fields.indexOf("grpc-status");
    if (at >= 0) status = `grpc-status ${decoder.fields[at + 1]}`;
  }
  client.close();
  return status;
}

/** Requests without end from a client that opened its windows and never reads an answer. */
async function neverRead(): Promise<string> {
  const client = await RawClient.open(target, [4, 0x7fffffff]);
  client.send(windowUpdate(0, 0x7fffffff - 65_535));
  await client.roundTrip();
  client.pause();
  const start = performance.now();
  for (let index = 0; !client.closed && performance.now() - start < LONG_DEADLINE_MS;) {
    // Once the server stops reading there is no point in piling up bytes here.
    const isFull = client.unsentBytes > 1_000_000;
    const calls = isFull ? 1 : 200;
    for (let count = 0; count < calls; count++) {
      const id = idOf(index++);
      client.send(Buffer.concat([headers(id, false, block), data(id, true, EMPTY_MESSAGE)]));
    }
    await Bun.sleep(isFull ? 100 : 0);
  }
  const outcome = client.closed ? "cut off" : "serves on";
  client.close();
  return outcome;
}

const call = (message: Buffer, ...more: (readonly [string, string])[]) => [
  headers(1, false, requestBlock(path, ...more)),
  data(1, true, message),
];

const ATTACKS: readonly Attack[] = [
  {
    name: "rapid reset",
    reference: "CVE-2023-44487",
    expected: CALM,
    run: () => flood((index) => [headers(idOf(index), false, block), reset(idOf(index), 8)]),
  },
  {
    name: "streams ended and reset (normal)",
    reference: "Envoy",
    expected: "serves on",
    run: () =>
      flood((index) => {
        const id = idOf(index);
        return [headers(id, false, block), data(id, false, EMPTY_MESSAGE), data(id, true), reset(id, 2)];
      }),
  },
  {
    name: "streams beyond the limit, for ever",
    reference: "RFC 9113 5.1.2",
    expected: CALM,
    run: () => flood((index) => [headers(idOf(index), false, block)]),
  },
  {
    name: "MadeYouReset by WINDOW_UPDATE 0",
    reference: "CVE-2025-8671",
    expected: CALM,
    run: () => flood((index) => [headers(idOf(index), false, block), windowUpdate(idOf(index), 0)]),
  },
  {
    name: "MadeYouReset by malformed requests",
    reference: "CVE-2025-8671",
    expected: CALM,
    run: () => flood((index) => [headers(idOf(index), true, Buffer.from([0x83]))]),
  },
  {
    name: "CONTINUATION flood, empty",
    reference: "CVE-2024-27316",
    expected: CALM,
    run: () => flood((index) => [frame(index === 0 ? FrameType.HEADERS : FrameType.CONTINUATION, 0, 1)]),
  },
  {
    name: "CONTINUATION flood, full",
    reference: "VU#421644",
    expected: CALM,
    run: () =>
      flood(
        (index) => [frame(index === 0 ? FrameType.HEADERS : FrameType.CONTINUATION, 0, 1, Buffer.alloc(16_384, 0x82))],
        1_000,
      ),
  },
  {
    name: "HPACK bomb",
    reference: "CVE-2016-6581",
    expected: CALM,
    run: () =>
      flood(
        (index) => [
          index === 0
            ? headers(1, true, Buffer.concat([block, literal("x", "y".repeat(3_900))]))
            : headers(idOf(index), true, Buffer.alloc(16_000, 0xbe)),
        ],
        1_000,
      ),
  },
  { name: "PING flood", reference: "CVE-2019-9512", expected: CALM, run: () => flood(() => [ping()]) },
  {
    name: "SETTINGS flood",
    reference: "CVE-2019-9515",
    expected: CALM,
    run: () => flood(() => [settings([4, 65_535])]),
  },
  {
    name: "PRIORITY flood",
    reference: "CVE-2019-9513",
    expected: CALM,
    run: () => flood((index) => [frame(FrameType.PRIORITY, 0, idOf(index), Buffer.alloc(5))]),
  },
  {
    name: "empty DATA flood",
    reference: "CVE-2019-9518",
    expected: CALM,
    run: () => flood((index) => [...(index === 0 ? [headers(1, false, block)] : []), data(1, false)]),
  },
  {
    name: "WINDOW_UPDATE flood",
    reference: "CVE-2019-9511",
    expected: CALM,
    run: () => flood(() => [windowUpdate(0, 1)]),
  },
  {
    name: "RST_STREAM flood on an ended stream",
    reference: "CVE-2019-9514",
    expected: CALM,
    run: () => flood((index) => [...(index === 0 ? call(EMPTY_MESSAGE) : []), reset(1, 8)]),
  },
  {
    name: "connection window overflow",
    reference: "RFC 9113 6.9.1",
    expected: "GOAWAY FLOW_CONTROL_ERROR",
    run: () => send(windowUpdate(0, 0x7fffffff)),
  },
  {
    name: "windows overflow by SETTINGS",
    reference: "RFC 9113 6.9.2",
    expected: "GOAWAY FLOW_CONTROL_ERROR",
    run: () => send(headers(1, false, block), windowUpdate(1, 0x7fffffff - 65_535), settings([4, 0x7fffffff])),
  },
  {
    name: "frame larger than allowed",
    reference: "RFC 9113 4.2",
    expected: "GOAWAY FRAME_SIZE_ERROR",
    run: () => send(headers(1, false, block), frame(FrameType.DATA, 0, 1, Buffer.alloc(1_000_000)).subarray(0, 9)),
  },
  {
    name: "header block that is no HPACK",
    reference: "RFC 7541 6.1",
    expected: "GOAWAY COMPRESSION_ERROR",
    run: () => send(headers(1, true, Buffer.from([0x80]))),
  },
  {
    name: "HTTP/1.1 instead of HTTP/2",
    reference: "RFC 9113 3.4",
    expected: "closed",
    run: () => stopAfter(3_000, Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n")),
  },
  {
    name: "half a preface",
    reference: "slow handshake",
    expected: "closed",
    run: () => stopAfter(SHORT_DEADLINE_MS, PREFACE.subarray(0, 12)),
  },
  {
    name: "half a header block",
    reference: "slow headers",
    expected: "closed",
    run: () => stopAfter(SHORT_DEADLINE_MS, PREFACE, settings(), SETTINGS_ACK, frame(FrameType.HEADERS, 0, 1, block)),
  },
  {
    name: "half a HEADERS frame",
    reference: "slow headers",
    expected: "closed",
    run: () => stopAfter(SHORT_DEADLINE_MS, PREFACE, settings(), SETTINGS_ACK, headers(1, true, block).subarray(0, 20)),
  },
  { name: "client that never reads", reference: "CVE-2019-9517", expected: "cut off", run: neverRead },
  {
    name: "gRPC message of 4 GiB announced",
    reference: "gRPC",
    expected: "grpc-status 8",
    run: () => statusOf(call(Buffer.concat([Buffer.from([0]), uint32(0xffffffff), Buffer.from("start")]))),
  },
  {
    name: "gRPC compressed flag without coding",
    reference: "gRPC",
    expected: "grpc-status 13",
    run: () => statusOf(call(Buffer.from([1, 0, 0, 0, 1, 0]))),
  },
  {
    name: "gRPC unknown coding",
    reference: "gRPC",
    expected: "grpc-status 12",
    run: () => statusOf(call(EMPTY_MESSAGE, ["grpc-encoding", "unknown"])),
  },
  {
    name: "more streams than allowed",
    reference: "RFC 9113 5.1.2",
    expected: "refused, serves on",
    run: async () => {
      const client = await RawClient.open(target);
      client.send(...Array.from({ length: 1_100 }, (_, index) => headers(idOf(index), false, block)));
      const code = await client.resetCode(idOf(1_099)).catch(() => -1);
      await client.roundTrip();
      const outcome = await outcomeOf(client, 0);
      client.close();
      return `${code === ErrorCode.REFUSED_STREAM ? "refused" : `code ${code}`}, ${outcome}`;
    },
  },
  {
    name: "flags and types at random",
    reference: "fuzzing",
    expected: "GOAWAY PROTOCOL_ERROR",
    run: () => send(frame(FrameType.DATA, FrameFlag.PADDED, 7, Buffer.from([255])), frame(0xff, 0xff, 0x7fffffff)),
  },
];

const memoryBeforeMb = pid === null ? 0 : residentMegabytes(pid);
const witness = await Witness.start(target, path);
const rows: { name: string; reference: string; expected: string; outcome: string; ok: boolean }[] = [];

async function attempt(attack: Attack): Promise<void> {
  const outcome = await attack.run().catch((error: unknown) => `failed: ${String(error)}`);
  const { name, reference, expected } = attack;
  rows.push({ name, reference, expected, outcome, ok: outcome === expected });
}

// Those that wait for a deadline run beside the others.
const isSlow = ({ name }: Attack) => name.startsWith("half a") || name.startsWith("client that");
const slow = ATTACKS.filter(isSlow).map(attempt);
for (const attack of ATTACKS) if (!isSlow(attack)) await attempt(attack);
await Promise.all(slow);

const served = await witness.stop();
rows.push({
  name: "another connection meanwhile",
  reference: `slowest answer ${served.slowestMs.toFixed(0)} ms`,
  expected: "0 of its calls failed",
  outcome: `${served.failed} of its calls failed`,
  ok: served.failed === 0 && served.answered > 0,
});
if (pid !== null) {
  const growthMb = residentMegabytes(pid) - memoryBeforeMb;
  rows.push({
    name: "memory of the server",
    reference: `${memoryBeforeMb.toFixed(0)} MB before`,
    expected: `grew by less than ${ALLOWED_GROWTH_MB} MB`,
    outcome: `grew by ${growthMb.toFixed(0)} MB`,
    ok: growthMb < ALLOWED_GROWTH_MB,
  });
}

for (const { name, reference, expected, outcome, ok } of rows) {
  const verdict = ok ? "ok  " : "FAIL";
  console.log(
    `${verdict}  ${name.padEnd(38)} ${reference.padEnd(22)} ${outcome}${ok ? "" : ` (expected ${expected})`}`,
  );
}
const failures = rows.filter(({ ok }) => !ok).length;
console.log(
  `${rows.length - failures} of ${rows.length} as they must; ${served.answered} calls of another connection answered`,
);
process.exit(failures === 0 ? 0 : 1);
