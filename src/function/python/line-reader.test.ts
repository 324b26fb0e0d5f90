import { expect, test } from "bun:test";
import { LineReader } from "./line-reader.ts";

function read(chunks: readonly string[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line.toString()));
  for (const chunk of chunks) reader.push(Buffer.from(chunk, "latin1"));
  reader.finish();
  return lines;
}

test.each([
  [["a\nb\n"], ["a", "b"]],
  [
    ["a", "b", "\n", "c\nd"],
    ["ab", "c", "d"],
  ],
  [["\n\n"], ["", ""]],
  [
    ["a\n", "\nb\n"],
    ["a", "", "b"],
  ],
  [["Ã", "¼\n"], ["ü"]],
  [[""], []],
])("%j are the lines %j", (chunks, lines) => {
  expect(read(chunks)).toEqual(lines);
});

test("a line of many pieces is put together once", () => {
  const pieces = Array.from({ length: 2000 }, () => "x".repeat(1000));
  expect(read([...pieces, "\n"])).toEqual(["x".repeat(2_000_000)]);
});
