import { expect, test } from "bun:test";
import { HpackDecoder } from "../../../src/http2/hpack/decoder.ts";
import { encodeRequestBlocks, envoyRequestFields } from "./request-block.ts";

test("the later block says with indexes alone what the first one said in full", () => {
  const { first, later } = encodeRequestBlocks(envoyRequestFields);
  const decoder = new HpackDecoder(4096, 65_536);
  const decode = (block: Uint8Array) => [decoder.decode(Buffer.from(block), 0, block.length), [...decoder.fields]];
  expect([decode(first), decode(later)]).toEqual([
    ["ok", envoyRequestFields.flat()],
    ["ok", envoyRequestFields.flat()],
  ]);
  expect(later.length).toBe(envoyRequestFields.length);
});
