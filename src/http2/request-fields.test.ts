import { describe, expect, test } from "bun:test";
import { classifyField, contentLength, FieldKind, isRequest, isTrailers, joinField } from "./request-fields.ts";

type Field = readonly [name: string, value: string];

const GET: readonly Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
];

function section(fields: readonly Field[]) {
  const shape = fields.reduce((joined, [name, value]) => joinField(joined, classifyField(name, value)), 0);
  return { shape, fields: fields.flat() };
}

function isRequestSection(fields: readonly Field[]): boolean {
  const { shape, fields: lines } = section(fields);
  return isRequest(shape, lines);
}

describe("a request", () => {
  test.each<[string, readonly Field[]]>([
    ["method, scheme and path", GET],
    [
      "an authority and regular fields",
      [...GET, [":authority", "a"], ["te", "trailers"], ["x", ""], ["x", "obs\xfftext"]],
    ],
    [
      "CONNECT with nothing but an authority",
      [
        [":method", "CONNECT"],
        [":authority", "a:1"],
      ],
    ],
    ["equal content-lengths", [...GET, ["content-length", "5"], ["content-length", "5"]]],
  ])("has %s", (_what, fields) => {
    expect(isRequestSection(fields)).toBe(true);
  });

  test.each<[string, readonly Field[]]>([
    ["no method", GET.slice(1)],
    ["no scheme", GET.filter(([name]) => name !== ":scheme")],
    ["no path", GET.slice(0, 2)],
    ["an empty path", [...GET.slice(0, 2), [":path", ""]]],
    ["a pseudo field twice", [...GET, [":path", "/"]]],
    ["a pseudo field after a regular one", [["x", "y"], ...GET]],
    ["an unknown pseudo field", [...GET, [":unknown", "x"]]],
    ["a pseudo field of responses", [...GET, [":status", "200"]]],
    ["the extended CONNECT it was not offered", [...GET, [":protocol", "websocket"]]],
    [
      "CONNECT with a path",
      [
        [":method", "CONNECT"],
        [":authority", "a"],
        [":path", "/"],
      ],
    ],
    [
      "a method other than CONNECT with only an authority",
      [
        [":method", "GET"],
        [":authority", "a"],
      ],
    ],
    ["connection", [...GET, ["connection", "close"]]],
    ["keep-alive", [...GET, ["keep-alive", "5"]]],
    ["proxy-connection", [...GET, ["proxy-connection", "close"]]],
    ["transfer-encoding", [...GET, ["transfer-encoding", "chunked"]]],
    ["upgrade", [...GET, ["upgrade", "h2c"]]],
    ["te other than trailers", [...GET, ["te", "gzip"]]],
    ["an upper-case name", [...GET, ["X", "y"]]],
    ["an empty name", [...GET, ["", "y"]]],
    ["a space in a name", [...GET, ["a b", "y"]]],
    ["a colon in a name", [...GET, ["a:b", "y"]]],
    ["a byte above ASCII in a name", [...GET, ["n\xe4me", "y"]]],
    ["NUL in a value", [...GET, ["x", "a\0b"]]],
    ["CR in a value", [...GET, ["x", "a\rb"]]],
    ["LF in a value", [...GET, ["x", "a\nb"]]],
    ["a leading blank in a value", [...GET, ["x", " a"]]],
    ["a trailing tab in a value", [...GET, ["x", "a\t"]]],
    [
      "LF in a pseudo field",
      [
        [":method", "GET"],
        [":scheme", "http"],
        [":path", "/\nx"],
      ],
    ],
    ["a content-length that is no number", [...GET, ["content-length", "-1"]]],
  ])("must not have %s", (_what, fields) => {
    expect(isRequestSection(fields)).toBe(false);
  });
});

describe("trailers", () => {
  test("are regular fields, or nothing", () => {
    expect([isTrailers(0), isTrailers(section([["x", "y"]]).shape)]).toEqual([true, true]);
  });

  test("have no pseudo fields and nothing malformed", () => {
    expect([isTrailers(section([[":path", "/"]]).shape), isTrailers(FieldKind.MALFORMED)]).toEqual([false, false]);
  });
});

describe("the content-length", () => {
  test.each<[string, readonly Field[], number]>([
    ["of a section without one is -1", [], -1],
    ["of 0 is 0", [["content-length", "0"]], 0],
    [
      "given twice alike counts once",
      [
        ["content-length", "12"],
        ["content-length", "12"],
      ],
      12,
    ],
    [
      "given twice differently is none",
      [
        ["content-length", "12"],
        ["content-length", "13"],
      ],
      Number.NaN,
    ],
  ])("%s", (_what, fields, expected) => {
    const { shape, fields: lines } = section([...GET, ...fields]);
    expect(contentLength(shape, lines)).toBe(expected);
  });
});
