/**
 * The normal end of an Envoy stream, END_STREAM and RST_STREAM, a million times on one connection: no GOAWAY, flat memory.
 *
 *   bun test/http2/reset-storm.ts [--streams 1000000] [--target HOST:PORT --path /package.Service/Method --pid PID]
 *
 * Without a target it starts h2spec-server.ts. Exits 1 when the connection did not survive or memory grew.
 */
import { parseArgs } from "node:util";
import { FrameType } from "../../src/http2/frame-header.ts";
import { data, headers, RawClient, requestBlock, reset, windowUpdate } from "./raw-client.ts";
import { residentMegabytes, startConformanceServer } from "./served.ts";

const BATCH = 1_000;
/** Heaps breathe; a leak of as little as 64 bytes a stream is beyond this. */
const ALLOWED_GROWTH_MB = 48;
/** Memory is measured from here on, when everything is warm. */
const WARM_SHARE = 0.2;
const EMPTY_MESSAGE = Buffer.alloc(5);

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "1000000" },
    target: { type: "string" },
    path: { type: "string", default: "/" },
    pid: { type: "string" },
  },
});
const streams = Number(values.streams);
const server = values.target === undefined ? await startConformanceServer() : null;
const [hostname = "127.0.0.1", port = "0"] = (values.target ?? server?.target ?? "").split(":");
const pid = server?.pid ?? (values.pid === undefined ? null : Number(values.pid));

const client = await RawClient.open({ hostname, port: Number(port) });
const block = requestBlock(values.path);
const start = performance.now();
let warmMb = 0;
for (let sent = 0; sent < streams;) {
  const frames: Buffer[] = [];
  for (let count = 0; count < BATCH && sent < streams; count++) {
    const id = 2 * sent++ + 1;
    frames.push(headers(id, false, block), data(id, false, EMPTY_MESSAGE), data(id, true), reset(id, 2));
  }
  client.send(...frames);
  await client.roundTrip();
  const received = client.frames.reduce(
    (sum, { type, payload }) => sum + (type === FrameType.DATA ? payload.length : 0),
    0,
  );
  if (received > 0) client.send(windowUpdate(0, received));
  if (client.closed || client.frames.some(({ type }) => type === FrameType.GOAWAY)) {
    console.error(`the connection ended after ${sent} streams`);
    process.exit(1);
  }
  client.frames.length = 0;
  if (pid !== null && warmMb === 0 && sent >= streams * WARM_SHARE) warmMb = residentMegabytes(pid);
}
const seconds = (performance.now() - start) / 1_000;
const growthMb = pid === null ? 0 : residentMegabytes(pid) - warmMb;
client.close();
await server?.stop();

const memory =
  pid === null ? "memory not watched" : `memory ${warmMb.toFixed(0)} MB, grew by ${growthMb.toFixed(1)} MB`;
console.log(
  `${streams} streams ended and reset on one connection in ${seconds.toFixed(1)} s without GOAWAY; ${memory}`,
);
process.exit(growthMb > ALLOWED_GROWTH_MB ? 1 : 0);
