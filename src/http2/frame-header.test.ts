import { expect, test } from "bun:test";
import { FrameFlag, FrameType, writeFrameHeader } from "./frame-header.ts";

test("a header carries 24 bits of length, type, flags and a stream identifier", () => {
  const bytes = Buffer.alloc(11, 0xee);
  writeFrameHeader(bytes, 1, 0x010203, FrameType.CONTINUATION, FrameFlag.END_HEADERS, 0x7ffffffd);
  expect(bytes.toString("hex")).toBe("ee0102030904" + "7ffffffd" + "ee");
});
