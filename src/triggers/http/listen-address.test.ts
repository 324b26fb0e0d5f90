import { expect, test } from "bun:test";
import { checkListenUrl, parseListenUrl } from "./listen-address.ts";

test.each([
  [":8080", { hostname: "0.0.0.0", port: 8080 }],
  ["127.0.0.1:0", { hostname: "127.0.0.1", port: 0 }],
  ["localhost:80", { hostname: "localhost", port: 80 }],
  ["[::1]:8080", { hostname: "::1", port: 8080 }],
  [":65536", null],
  ["8080", null],
  ["http://a:80", null],
  ["::1:80", null],
])("%s", (url, expected) => {
  expect(parseListenUrl(url)).toEqual(expected);
  expect(checkListenUrl(url) === null).toBe(expected !== null);
});
