import { describe, expect, test } from "bun:test";
import { FieldList } from "../../function/header-list.ts";
import { framedAsEmpty, withBodyHeaders, withoutFraming } from "./body-headers.ts";

function gzipped(): FieldList {
  return new FieldList(["content-encoding", "gzip", "content-length", "20", "etag", '"v1"', "digest", "sha-256=AA"]);
}
const line = (name: string, value: string) => ({ name, value, append: false });

describe("header changes of a body with other bytes", () => {
  test("another body: what described the old one goes, its length is set", () => {
    expect(withBodyHeaders(gzipped(), null, { contentLength: 5, plainBody: true })).toEqual({
      removed: ["content-encoding", "etag", "digest"],
      set: [line("content-length", "5")],
    });
  });

  test("what the function set itself stays", () => {
    const fields = gzipped();
    fields.set("etag", '"v2"');
    fields.set("content-encoding", "br");
    fields.delete("digest");
    expect(withBodyHeaders(fields, fields.changes(), { contentLength: "by-proxy", plainBody: true })).toEqual({
      removed: ["digest"],
      set: [line("etag", '"v2"'), line("content-encoding", "br")],
    });
  });

  test("another body in the coding of the old one keeps content-encoding", () => {
    expect(withBodyHeaders(gzipped(), null, { contentLength: "by-proxy", plainBody: false })).toEqual({
      removed: ["etag", "digest"],
      set: [],
    });
  });

  test("a body nothing was said of needs no changes", () => {
    expect(
      withBodyHeaders(new FieldList(["content-type", "text/plain"]), null, {
        contentLength: "by-proxy",
        plainBody: true,
      }),
    ).toBeNull();
  });
});

describe("framing", () => {
  test("a function's word on content-length and transfer-encoding is dropped, all else stays", () => {
    const changes = {
      removed: ["transfer-encoding", "x-old"],
      set: [line("content-length", "1"), line("x-new", "1")],
    };
    expect(withoutFraming(changes)).toEqual({ removed: ["x-old"], set: [line("x-new", "1")] });
    expect(withoutFraming({ removed: ["content-length"], set: [] })).toBeNull();
  });

  test("the length of a body that is not sent may be said", () => {
    const changes = { removed: ["transfer-encoding"], set: [line("content-length", "1")] };
    expect(withoutFraming(changes, true)).toEqual({ removed: [], set: [line("content-length", "1")] });
  });

  test.each([
    // status now, a body is forbidden, the function set the status; what becomes of its content-length of 3
    ["304", true, false, [line("content-length", "3")], []],
    ["204", true, true, [], []],
    ["200", false, true, [], ["content-length"]],
    ["200", false, false, [], []],
  ])("of an empty %s (a body is forbidden: %p, set: %p)", (status, forbidsBody, pseudoSet, set, removed) => {
    const headers = new FieldList(["content-length", "9"]);
    headers.set("content-length", "3");
    const message = { headers, pseudoSet, forbidsBody, pseudo: () => status };
    const changes = set.length + removed.length === 0 ? null : { set, removed };
    expect(framedAsEmpty(message, headers.changes())).toEqual(changes);
  });

  test("changes without framing are returned as they are", () => {
    const changes = { removed: ["x-old"], set: [] };
    expect(withoutFraming(changes)).toBe(changes);
    expect(withoutFraming(null)).toBeNull();
  });
});
