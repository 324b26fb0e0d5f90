import { expect, test } from "bun:test";
import type { FieldLines } from "../../src/http2/contract.ts";
import { HpackDecoder } from "../../src/http2/hpack/decoder.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import { Random } from "./random.ts";

const NAMES = [":status", "content-type", "x-a", "x-b", "grpc-status", "set-cookie", "date"] as const;

function randomFields(random: Random): string[] {
  const fields: string[] = [];
  for (let count = random.below(8); count > 0; count--) {
    const long = random.below(20) === 0;
    fields.push(random.pick(NAMES), random.bytes(random.below(long ? 3_000 : 12)).toString("latin1"));
  }
  return fields;
}

test("random lists, some sent again and again, come back while the table's size changes", () => {
  const random = new Random(7541);
  for (let connection = 0; connection < 40; connection++) {
    const encoder = new HpackEncoder(4096);
    const decoder = new HpackDecoder(4096, 1_000_000);
    const constants: FieldLines[] = Array.from({ length: 1 + random.below(12) }, () => randomFields(random));
    for (let count = 0; count < 300; count++) {
      if (random.below(40) === 0) encoder.setPeerTableBytes(random.below(6_000));
      const fields = random.below(4) === 0 ? randomFields(random) : (constants[random.below(constants.length)] ?? []);
      const block = encoder.encode(fields);
      expect(decoder.decode(block, 0, block.length)).toBe("ok");
      expect(decoder.fields).toEqual(fields);
    }
  }
});

test("random blocks are decoded or refused, never thrown at", () => {
  const random = new Random(1);
  const outcomes = new Map<string, number>();
  for (let connection = 0; connection < 3_000; connection++) {
    const decoder = new HpackDecoder(4096, 2_000);
    for (let count = 0; count < 10; count++) {
      const block = random.bytes(random.below(60));
      const outcome = decoder.decode(block, 0, block.length);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome === "malformed" || outcome === "bomb") break;
    }
  }
  expect([...outcomes.keys()]).toEqual(expect.arrayContaining(["ok", "malformed"]));
});
