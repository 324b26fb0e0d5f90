import { describe, expect, test } from "bun:test";
import { decodeHuffman, encodeHuffman, huffmanBytes, maxDecodedBytes } from "./huffman.ts";

function encode(text: string): Buffer {
  const bytes = Buffer.alloc(huffmanBytes(text));
  expect(encodeHuffman(text, bytes, 0)).toBe(bytes.length);
  return bytes;
}

function decode(bytes: Uint8Array): string | null {
  const target = Buffer.alloc(maxDecodedBytes(bytes.length));
  const length = decodeHuffman(bytes, 0, bytes.length, target);
  return length < 0 ? null : target.toString("latin1", 0, length);
}

describe("Huffman coding", () => {
  test.each([
    ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
    ["no-cache", "a8eb10649cbf"],
    ["custom-value", "25a849e95bb8e8b4bf"],
    ["Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"],
  ])("%s is the code RFC 7541 gives", (text, hex) => {
    expect(encode(text).toString("hex")).toBe(hex);
    expect(decode(Buffer.from(hex, "hex"))).toBe(text);
  });

  test("every byte comes back, alone and beside every other", () => {
    for (let first = 0; first < 256; first++) {
      const alone = String.fromCharCode(first);
      expect(decode(encode(alone))).toBe(alone);
      let pairs = "";
      for (let second = 0; second < 256; second++) pairs += alone + String.fromCharCode(second);
      expect(decode(encode(pairs))).toBe(pairs);
    }
  });

  test("the longest text fits what is promised for it", () => {
    expect(decode(encode("0".repeat(800)))).toBe("0".repeat(800));
  });

  test.each([
    ["padding of eight ones", "1fff"],
    ["padding with zeros", "18"],
    ["the end-of-string symbol", "ffffffff"],
    ["an unfinished long code", "fffe"],
  ])("%s is refused", (_what, hex) => {
    expect(decode(Buffer.from(hex, "hex"))).toBeNull();
  });
});
