import { expect, test } from "bun:test";
import { AnswerReader } from "./answer-reader.ts";

const whole = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const empty = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
const chunked =
  "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\nx: y\r\n\r\n";

test.each([whole, empty, chunked])("finds the end of an answer however it is cut", (text) => {
  for (let size = 1; size <= text.length; size++) {
    const reader = new AnswerReader();
    for (let round = 0; round < 2; round++) {
      const results: unknown[] = [];
      for (let at = 0; at < text.length; at += size) {
        results.push(reader.push(Buffer.from(text.slice(at, at + size), "latin1")));
      }
      expect(results.pop()).toBe(Number(text.slice(9, 12)));
      expect(results.every((result) => result === null)).toBe(true);
    }
  }
});

test("an answer without a length is broken", () => {
  expect(new AnswerReader().push(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"))).toBe("broken");
});

test("says when the server closes the connection after the answer", () => {
  const reader = new AnswerReader();
  reader.push(Buffer.from("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"));
  expect(reader.closes).toBe(true);
  reader.push(Buffer.from(empty));
  expect(reader.closes).toBe(false);
});
