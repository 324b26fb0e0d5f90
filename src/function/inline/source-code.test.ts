import { describe, expect, test } from "bun:test";
import { strToU8, zipSync } from "fflate";
import { readSourceCode } from "./source-code.ts";

const source = "exports.handler = (context, event) => `größe ${event.size}`;\n";
const base64 = Buffer.from(source).toString("base64");

describe("base64", () => {
  test.each([
    ["in one line", base64],
    ["with a line break at its end", `${base64}\n`],
    ["wrapped", base64.replaceAll(/.{20}/g, "$&\n")],
    ["folded to spaces", base64.replaceAll(/.{20}/g, "$& ")],
  ])("%s is the text it stands for", (_, written) => {
    expect(readSourceCode(written)).toEqual({ kind: "text", text: source, decoded: true });
  });

  test("of a zip or a tar.gz is an archive", () => {
    const zip = zipSync({ "handler.js": strToU8("") });
    expect(readSourceCode(Buffer.from(zip).toString("base64"))).toEqual({ kind: "archive", bytes: zip });
    const gzip = Bun.gzipSync("tar");
    expect(readSourceCode(Buffer.from(gzip).toString("base64"))).toEqual({ kind: "archive", bytes: gzip });
  });
});

describe("text", () => {
  test.each([
    ["a source", source],
    ["a source in Python", "def handler(context, event):\n    return 1\n"],
    ["characters of base64 that decode to no text", "main"],
    ["base64 of bytes that are no text", Buffer.from([0, 1, 2, 3, 4, 5]).toString("base64")],
    ["base64 that is cut", base64.slice(0, -1)],
    ["nothing but spaces", "  \n"],
  ])("is %s", (_, written) => {
    expect(readSourceCode(written)).toEqual({ kind: "text", text: written, decoded: false });
  });
});
