import { describe, expect, test } from "bun:test";
import { type BodyChange, type FieldReader, fixBodyFields, isPartialContent } from "./body-fields.ts";

const described = {
  "content-type": "text/plain",
  "content-encoding": "gzip",
  "content-length": "120",
  etag: '"v1"',
  "content-digest": "sha-256=:AAAA:",
  "repr-digest": "sha-256=:AAAA:",
  digest: "sha-256=AAAA",
  "content-md5": "AAAA",
  "unencoded-digest": "sha-256=:BBBB:",
  "accept-ranges": "bytes",
  "last-modified": "Sat, 21 Nov 2026 10:00:00 GMT",
};

function fix(fields: Readonly<Record<string, string>>, change: BodyChange) {
  return fixBodyFields(readerOf(fields), change);
}

function readerOf(fields: Readonly<Record<string, string>>): FieldReader {
  return { get: (name) => fields[name] ?? null, has: (name) => name in fields };
}

describe("header fields of a body with other bytes", () => {
  test("a body that goes on decoded keeps its meaning: the tag is weakened, what describes the coded bytes goes", () => {
    expect(fix(described, { meaning: "same", codings: [], length: 500 })).toEqual({
      removed: ["content-encoding", "content-digest", "repr-digest", "digest", "content-md5", "accept-ranges"],
      set: [
        ["etag", 'W/"v1"'],
        ["content-length", "500"],
      ],
    });
  });

  test("a body that was replaced and coded as before keeps only its coding", () => {
    expect(fix(described, { meaning: "changed", codings: ["gzip"], length: "unknown" })).toEqual({
      removed: [
        "etag",
        "content-digest",
        "repr-digest",
        "digest",
        "content-md5",
        "unencoded-digest",
        "accept-ranges",
        "content-length",
      ],
      set: [],
    });
  });

  test("a length the proxy sees to is left alone", () => {
    const fields = { "content-length": "3", "content-type": "text/plain" };
    expect(fix(fields, { meaning: "changed", codings: [], length: "by-proxy" })).toEqual({ removed: [], set: [] });
  });

  test("a weak tag stays as it is while the meaning does", () => {
    expect(fix({ etag: 'W/"v1"' }, { meaning: "same", codings: [], length: "by-proxy" })).toEqual({
      removed: [],
      set: [],
    });
  });

  test.each([
    ["gzip", ["gzip"], []],
    ["GZIP , identity", ["gzip"], []],
    ["gzip, br", ["gzip"], [["content-encoding", "gzip"]]],
    ["gzip", ["gzip", "br"], [["content-encoding", "gzip, br"]]],
    ["", ["zstd"], [["content-encoding", "zstd"]]],
  ] as const)("content-encoding %p with bytes coded %p", (value, codings, set) => {
    const fields = value === "" ? {} : { "content-encoding": value };
    expect(fix(fields, { meaning: "same", codings, length: "by-proxy" }).set).toEqual(
      [...set].map((line) => [...line]),
    );
  });
});

test.each([
  [{}, false],
  [{ "content-type": "multipart/form-data; boundary=x" }, false],
  [{ "content-range": "bytes 0-9/100" }, true],
  [{ "content-type": "Multipart/ByteRanges; boundary=x" }, true],
])("partial content is known by its fields: %p", (fields: Readonly<Record<string, string>>, expected) => {
  expect(isPartialContent(readerOf(fields))).toBe(expected);
});
