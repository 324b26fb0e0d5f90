/** Bodies other programs made. */
import { expect, test } from "bun:test";
import { generousLimits } from "./bodies.test-support.ts";
import { decodeBody } from "./decode-body.ts";

const greeting = "hello hello hello hello\n";

test.each([
  [
    "gzip 1.12 with a file name",
    "gzip",
    "1f8b08086a92016b02036772656574696e672e74787400cb48cdc9c957c84027b9000088590b18000000",
  ],
  ["zstd 1.5 at level 19, with its checksum", "zstd", "28b52ffd24186d00003868656c6c6f200a0100994b11a87c2ea8"],
  ["zstd 1.5 from a pipe, without checksum", "zstd", "28b52ffd00586d00003868656c6c6f200a0100994b11"],
  ["zlib in Python", "deflate", "78dacb48cdc9c957c84027b90070be08bb"],
  ["bare deflate of zlib in Python", "deflate", "cb48cdc9c957c84027b900"],
])("a body of %s", async (_origin, coding, hex) => {
  const result = await decodeBody(Buffer.from(hex, "hex"), [coding], generousLimits);
  expect("body" in result && Buffer.from(result.body).toString()).toBe(greeting);
});

test("the uncompressed brotli block of five letters", async () => {
  const result = await decodeBody(Buffer.from("0b028068656c6c6f03", "hex"), ["br"], generousLimits);
  expect("body" in result && Buffer.from(result.body).toString()).toBe("hello");
});
