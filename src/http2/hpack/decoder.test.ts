import { describe, expect, test } from "bun:test";
import type { FieldLines } from "../contract.ts";
import { isRequest } from "../request-fields.ts";
import { type DecodeOutcome, HpackDecoder } from "./decoder.ts";

function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ""), "hex");
}

function decode(decoder: HpackDecoder, block: Buffer): { outcome: DecodeOutcome; fields: FieldLines } {
  const outcome = decoder.decode(block, 0, block.length);
  return { outcome, fields: decoder.fields };
}

const FIRST_REQUEST = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"];
const THREE_REQUESTS: FieldLines[] = [
  FIRST_REQUEST,
  [...FIRST_REQUEST, "cache-control", "no-cache"],
  [
    ":method",
    "GET",
    ":scheme",
    "https",
    ":path",
    "/index.html",
    ":authority",
    "www.example.com",
    "custom-key",
    "custom-value",
  ],
];
const DATE = "Mon, 21 Oct 2013 20:13:21 GMT";
const LOCATION = ["location", "https://www.example.com"];
const THREE_RESPONSES: FieldLines[] = [
  [":status", "302", "cache-control", "private", "date", DATE, ...LOCATION],
  [":status", "307", "cache-control", "private", "date", DATE, ...LOCATION],
  [
    ":status",
    "200",
    "cache-control",
    "private",
    "date",
    "Mon, 21 Oct 2013 20:13:22 GMT",
    ...LOCATION,
    "content-encoding",
    "gzip",
    "set-cookie",
    "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
];

describe("the examples of RFC 7541", () => {
  test.each<[string, number, string[], FieldLines[]]>([
    [
      "C.3: requests",
      4096,
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
      THREE_REQUESTS,
    ],
    [
      "C.4: requests with Huffman coding",
      4096,
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
      THREE_REQUESTS,
    ],
    [
      "C.5: responses that evict",
      256,
      [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e
         1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
        "4803 3330 37c1 c0bf",
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
         4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
         7369 6f6e 3d31`,
      ],
      THREE_RESPONSES,
    ],
    [
      "C.6: responses that evict, with Huffman coding",
      256,
      [
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b
         97c8 e9ae 82ae 43d3`,
        "4883 640e ffc1 c0bf",
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
         cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ],
      THREE_RESPONSES,
    ],
  ])("%s", (_what, tableBytes, blocks, expected) => {
    const decoder = new HpackDecoder(tableBytes, 65_536);
    expect(blocks.map((block) => decode(decoder, hex(block)))).toEqual(
      expected.map((fields) => ({ outcome: "ok" as const, fields })),
    );
  });

  test("C.2: each representation", () => {
    const literals = [
      "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
      "040c 2f73 616d 706c 652f 7061 7468",
      "1008 7061 7373 776f 7264 0673 6563 7265 74",
      "82",
    ];
    expect(literals.map((block) => decode(new HpackDecoder(4096, 65_536), hex(block)).fields)).toEqual([
      ["custom-key", "custom-header"],
      [":path", "/sample/path"],
      ["password", "secret"],
      [":method", "GET"],
    ]);
  });
});

describe("a block", () => {
  test("that comes again gives the same array, with its shape", () => {
    const decoder = new HpackDecoder(4096, 65_536);
    decode(decoder, hex("8286 8441 0161"));
    const first = decode(decoder, hex("8286 84be"));
    decode(decoder, hex("8287 84be"));
    decode(decoder, hex("8286 84be"));
    const { fields, shape } = decoder;
    const again = decode(decoder, hex("8286 84be"));
    expect(again.fields).toBe(fields);
    expect(again).toEqual(first);
    expect(decoder.shape).toBe(shape);
    expect(isRequest(decoder.shape, decoder.fields)).toBe(true);
  });

  test("that comes again after the table changed has the new meaning", () => {
    const decoder = new HpackDecoder(4096, 65_536);
    decode(decoder, hex("4001 6101 31"));
    expect(decode(decoder, hex("be")).fields).toEqual(["a", "1"]);
    decode(decoder, hex("4001 6201 32"));
    expect(decode(decoder, hex("be")).fields).toEqual(["b", "2"]);
  });

  test("may change the table's size at its start, twice", () => {
    const decoder = new HpackDecoder(4096, 65_536);
    decode(decoder, hex("4001 6101 31"));
    expect(decode(decoder, hex("20 3fe11f 82"))).toEqual({ outcome: "ok", fields: [":method", "GET"] });
    expect(decode(decoder, hex("be")).outcome).toBe("malformed");
  });

  test("may lie anywhere in its buffer", () => {
    const decoder = new HpackDecoder(4096, 65_536);
    expect(decoder.decode(hex("ffff 82 86 ffff"), 2, 4)).toBe("ok");
    expect(decoder.fields).toEqual([":method", "GET", ":scheme", "http"]);
  });

  test.each([
    ["index 0", "80"],
    ["an index beyond both tables", "be"],
    ["a name index beyond both tables", "7e 01 31"],
    ["a size update after a field", "82 20"],
    ["a size update beyond our setting", "3fe21f"],
    ["a cut name", "40 05 61"],
    ["a cut value", "40 01 61 05 31"],
    ["no value at all", "40 01 61"],
    ["a cut integer", "ff"],
    ["a wrong Huffman code", "40 01 61 84 ffffffff"],
  ])("is malformed with %s", (_what, block) => {
    expect(decode(new HpackDecoder(4096, 65_536), hex(block)).outcome).toBe("malformed");
  });
});

describe("the cap on the list", () => {
  test("counts 32 bytes beside each field's text", () => {
    const decoder = new HpackDecoder(4096, 34);
    expect([decode(decoder, hex("0001 6101 31")).outcome, decode(decoder, hex("0001 6102 3131")).outcome]).toEqual([
      "ok",
      "too-large",
    ]);
  });

  test("keeps the table right for the blocks after it", () => {
    const decoder = new HpackDecoder(4096, 40);
    expect(decode(decoder, hex("4001 6101 31 4001 6201 32")).outcome).toBe("too-large");
    expect(decode(decoder, hex("bf"))).toEqual({ outcome: "ok", fields: ["a", "1"] });
  });

  test("ends a block that references a large field over and over", () => {
    const decoder = new HpackDecoder(4096, 65_536);
    const field = Buffer.concat([hex("4001 61 7f a11e"), Buffer.alloc(4_000, "x")]);
    expect(decode(decoder, field).outcome).toBe("ok");
    expect(decode(decoder, Buffer.alloc(16_000, 0xbe)).outcome).toBe("bomb");
    expect(decoder.fields.length).toBeLessThan(40);
  });
});
