import { expect, test } from "bun:test";
import { resolveLimits } from "./options.ts";

const address = { kind: "tcp", hostname: "127.0.0.1", port: 0 } as const;

test("what is not given has its documented default", () => {
  expect(resolveLimits({ address })).toEqual({
    maxConcurrentStreams: 1024,
    streamWindowBytes: 524_288,
    connectionWindowBytes: 524_288,
    maxUnconsumedBytes: 16_777_216,
    maxHeaderListBytes: 65_536,
    prefaceTimeoutMs: 10_000,
    headersTimeoutMs: 10_000,
    settingsTimeoutMs: 30_000,
    idleTimeoutMs: 3_900_000,
    stallTimeoutMs: 30_000,
    maxQueuedBytes: 4_194_304,
  });
});

test("what is given is taken, zero included", () => {
  const limits = resolveLimits({ address, idleTimeoutMs: 0, maxQueuedBytes: 1 });
  expect([limits.idleTimeoutMs, limits.maxQueuedBytes]).toEqual([0, 1]);
});
