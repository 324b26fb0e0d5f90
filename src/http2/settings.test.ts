import { describe, expect, test } from "bun:test";
import { ErrorCode } from "./contract.ts";
import { applySettings, encodeSettings, initialPeerSettings, Setting } from "./settings.ts";

function apply(...entries: (readonly [number, number])[]) {
  const peer = initialPeerSettings();
  const payload = encodeSettings(entries);
  return { code: applySettings(payload, 0, payload.length, peer), peer };
}

test("entries are six bytes each", () => {
  expect(
    Buffer.from(
      encodeSettings([
        [Setting.INITIAL_WINDOW_SIZE, 0x01020304],
        [Setting.ENABLE_PUSH, 0],
      ]),
    ).toString("hex"),
  ).toBe("000401020304" + "000200000000");
});

describe("a peer's settings", () => {
  test("start from the defaults of RFC 9113", () => {
    expect(initialPeerSettings()).toEqual({ headerTableBytes: 4096, initialWindowBytes: 65535, maxFrameBytes: 16384 });
  });

  test("take over what a server has use for, the last of equal ones, and ignore the unknown", () => {
    const { code, peer } = apply(
      [Setting.HEADER_TABLE_SIZE, 0],
      [Setting.INITIAL_WINDOW_SIZE, 1],
      [Setting.INITIAL_WINDOW_SIZE, 0x7fffffff],
      [Setting.MAX_FRAME_SIZE, 0xffffff],
      [Setting.ENABLE_PUSH, 1],
      [Setting.MAX_CONCURRENT_STREAMS, 0],
      [0x1234, 0xffffffff],
    );
    expect(code).toBe(ErrorCode.NO_ERROR);
    expect(peer).toEqual({ headerTableBytes: 0, initialWindowBytes: 0x7fffffff, maxFrameBytes: 0xffffff });
  });

  test.each([
    ["a push setting that is no boolean", Setting.ENABLE_PUSH, 2, ErrorCode.PROTOCOL_ERROR],
    ["a window beyond 2^31-1", Setting.INITIAL_WINDOW_SIZE, 0x80000000, ErrorCode.FLOW_CONTROL_ERROR],
    ["frames below 16,384 bytes", Setting.MAX_FRAME_SIZE, 16_383, ErrorCode.PROTOCOL_ERROR],
    ["frames beyond 2^24-1 bytes", Setting.MAX_FRAME_SIZE, 0x1000000, ErrorCode.PROTOCOL_ERROR],
  ] as const)("must not ask for %s", (_what, setting, value, code) => {
    expect(apply([setting, value]).code).toBe(code);
  });

  test("must come in whole entries", () => {
    expect(applySettings(new Uint8Array(7), 0, 7, initialPeerSettings())).toBe(ErrorCode.FRAME_SIZE_ERROR);
  });
});
