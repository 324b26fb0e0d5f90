import { expect, test } from "bun:test";
import { FrameType } from "../../src/http2/frame-header.ts";
import {
  data,
  frame,
  headers,
  ping,
  PREFACE,
  RawClient,
  reset,
  settings,
  SETTINGS_ACK,
  windowUpdate,
} from "./raw-client.ts";
import { Random } from "./random.ts";
import { OK, TestServer, TRAILERS } from "./test-server.ts";

const CONNECTIONS = 400;

/** A conversation that is right in every byte. */
function conversation(random: Random): Buffer {
  const frames: Buffer[] = [settings([4, random.below(100_000)]), SETTINGS_ACK];
  for (let id = 1; id < 20; id += 2) {
    frames.push(headers(id, false), data(id, false, random.bytes(random.below(300))));
    frames.push(
      random.pick([
        data(id, true, "end"),
        reset(id, 8),
        headers(id, true, Buffer.alloc(0)),
        ping(),
        windowUpdate(id, 9),
      ]),
    );
    if (random.below(3) === 0)
      frames.push(frame(random.below(12), random.below(64), random.below(20), random.bytes(random.below(20))));
  }
  return Buffer.concat(frames);
}

/** Changes, drops or doubles a few bytes. */
function mutate(bytes: Buffer, random: Random): Buffer {
  let mutated = Buffer.from(bytes);
  for (let count = random.below(6); count > 0; count--) {
    const at = random.below(mutated.length);
    const kind = random.below(3);
    if (kind === 0) mutated[at] = random.below(256);
    else if (kind === 1)
      mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + 1 + random.below(20))]);
    else mutated = Buffer.concat([mutated.subarray(0, at + 1), mutated.subarray(at)]);
  }
  return mutated;
}

test("mutated conversations end streams or connections, and nothing else", async () => {
  const random = new Random(9113);
  await using server = await TestServer.start({}, (accepted, endStream) => {
    const { stream } = accepted;
    const finish = () => {
      stream.sendData(Buffer.alloc(500), false);
      stream.sendTrailers(TRAILERS);
    };
    stream.sendHeaders(OK, false);
    if (endStream) finish();
    accepted.onEnd = finish;
  });
  const witness = await server.client();
  for (let count = 0; count < CONNECTIONS; count++) {
    const client = await RawClient.connect(server.target);
    const bytes = mutate(conversation(random), random);
    client.send(PREFACE);
    for (let at = 0; at < bytes.length;) {
      const length = 1 + random.below(2_000);
      client.send(bytes.subarray(at, at + length));
      at += length;
      if (random.below(4) === 0) await Bun.sleep(0);
    }
    if (count % 20 === 0) {
      witness.send(headers(count + 1, true));
      await witness.frameOf(count + 1, FrameType.HEADERS);
    }
    client.send(ping("all-read"));
    // A mutated length may have swallowed the PING; then there is nothing to wait for.
    await client
      .until(() => client.closed || client.frames.some(({ type }) => type === FrameType.PING), 15)
      .catch(() => {});
    client.close();
  }
  await server.until(() => server.events.filter((event) => event.startsWith("closed")).length === CONNECTIONS);
  expect(server.failures).toEqual([]);
  expect(server.server.openStreams).toBe(0);
  const reasons = new Set(server.events.filter((event) => event.startsWith("closed")));
  expect(reasons.has("closed: internal error")).toBe(false);
  // The mutations reach deep: many rules were broken.
  expect(reasons.size).toBeGreaterThan(8);
}, 30_000);
