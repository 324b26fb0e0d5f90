import { describe, expect, test } from "bun:test";
import { HandlerResponse } from "./response.ts";
import { collectResult, parseStatus, toResult } from "./result.ts";

/** The body as text, to compare it in one go. */
async function result(value: unknown) {
  const { status, headers, contentType, body } = await collectResult(await toResult(value));
  return { status, headers, contentType, body: body === null ? null : Buffer.from(body).toString("latin1") };
}

async function failure(value: unknown): Promise<string> {
  try {
    await toResult(value);
  } catch (error) {
    return String(error);
  }
  return "nothing thrown";
}

const nothing = { status: null, headers: [], contentType: null, body: null };

describe("values", () => {
  test.each<[string, unknown, object]>([
    ["undefined", undefined, nothing],
    ["null", null, nothing],
    ["an empty text", "", nothing],
    ["an empty Buffer", Buffer.alloc(0), nothing],
    ["text", "hé", { ...nothing, body: "h\u00c3\u00a9" }],
    ["a Buffer", Buffer.from([0, 255]), { ...nothing, body: "\u0000\u00ff" }],
    ["another view of bytes", new DataView(new Uint8Array([9, 65, 66, 9]).buffer, 1, 2), { ...nothing, body: "AB" }],
    ["an ArrayBuffer", new Uint8Array([65]).buffer, { ...nothing, body: "A" }],
    ["an object", { a: 1 }, { ...nothing, contentType: "application/json", body: '{"a":1}' }],
    ["an array", ["a", "b"], { ...nothing, contentType: "application/json", body: '["a","b"]' }],
    ["a number", 5, { ...nothing, contentType: "application/json", body: "5" }],
    ["false", false, { ...nothing, contentType: "application/json", body: "false" }],
    ["status and text", [404, "no"], { ...nothing, status: 404, body: "no" }],
    ["status and bytes", [201, Buffer.from("b")], { ...nothing, status: 201, body: "b" }],
    [
      "status and object",
      [201, { a: 1 }],
      { ...nothing, status: 201, contentType: "application/json", body: '{"a":1}' },
    ],
    ["status and an empty text, which empties", [200, ""], { ...nothing, status: 200, body: "" }],
    ["status and nothing", [204, null], { ...nothing, status: 204 }],
  ])("%s", async (_, value, expected) => {
    expect(await result(value)).toEqual(expected as Awaited<ReturnType<typeof result>>);
  });

  test.each<[string, unknown, string]>([
    ["an Error", new TypeError("no"), "TypeError: no"],
    ["a status that is none", [99, "x"], "Error: the handler's status 99 is not between 100 and 599"],
    ["a fraction", [200.5, "x"], "Error: the handler's status 200.5 is not between 100 and 599"],
    ["a function", () => {}, "Error: the handler gave a function, which has no JSON form"],
    [
      "a BigInt",
      5n,
      "Error: the handler's result has no JSON form: TypeError: JSON.stringify cannot serialize BigInt.",
    ],
  ])("%s is a failure", async (_, value, message) => {
    expect(await failure(value)).toBe(message);
  });
});

describe("context.Response", () => {
  test("gives its status, headers, content type and body", async () => {
    const response = new HandlerResponse(
      "hi",
      { "X-A": "1", "Set-Cookie": ["a=1", "b=2"], "X-N": 7 },
      "text/html",
      201,
    );
    expect(await result(response)).toEqual({
      status: 201,
      headers: [
        ["x-a", "1"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["x-n", "7"],
      ],
      contentType: "text/html",
      body: "hi",
    });
  });

  test("keeps bytes as they are and writes objects as JSON", async () => {
    expect(await result(new HandlerResponse(Buffer.from([255])))).toMatchObject({ body: "\u00ff", contentType: null });
    expect(await result(new HandlerResponse({ a: 1 }))).toMatchObject({
      body: '{"a":1}',
      contentType: "application/json",
    });
    expect(await result(new HandlerResponse([1, 2], {}, "text/x"))).toMatchObject({
      body: "[1,2]",
      contentType: "text/x",
    });
  });

  test("has no body when nothing is given, and status 200", async () => {
    expect(await result(new HandlerResponse())).toEqual({ ...nothing, status: 200 });
    expect(await result(new HandlerResponse("", { "x-a": "1" }))).toEqual({
      ...nothing,
      status: 200,
      headers: [["x-a", "1"]],
    });
  });

  test("decodes base64 bodies", async () => {
    expect(await result(new HandlerResponse("AP8=", null, "image/x", 200, "base64"))).toMatchObject({
      body: "\u0000\u00ff",
    });
  });

  test("takes its type from the argument, then the property, then the headers", async () => {
    expect(await result(new HandlerResponse("a", { "Content-Type": "a/b" }))).toMatchObject({
      contentType: "a/b",
      headers: [],
    });
    expect(await result(new HandlerResponse("a", { "Content-Type": "a/b" }, "c/d"))).toMatchObject({
      contentType: "c/d",
    });
    const later = new HandlerResponse("a");
    expect(later.content_type).toBe("text/plain");
    later.content_type = "e/f";
    expect([later.content_type, (await result(later)).contentType]).toEqual(["e/f", "e/f"]);
  });

  test("passes over headers without a value and refuses ones that are no text", async () => {
    expect(await result(new HandlerResponse("a", { a: null, b: undefined, c: false }))).toMatchObject({
      headers: [["c", "false"]],
    });
    expect(await failure(new HandlerResponse("a", { "X-Bad": { deep: 1 } }))).toBe(
      'Error: the handler\'s header "X-Bad" is neither text nor a number: {\n  deep: 1,\n}',
    );
    expect(await failure(new HandlerResponse("a", null, undefined, 700))).toBe(
      "Error: the handler's status 700 is not between 100 and 599",
    );
  });
});

test("the Web's Response is taken too, every cookie of it", async () => {
  const headers = new Headers({ "x-a": "1", "content-type": "a/b" });
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  expect(await result(new Response("hi", { status: 202, headers }))).toEqual({
    status: 202,
    headers: [
      ["x-a", "1"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
    contentType: "a/b",
    body: "hi",
  });
  expect(await result(new Response(null, { status: 204 }))).toEqual({ ...nothing, status: 204 });
});

test("a status is a number or its text, 100 to 599", () => {
  expect([100, 599, "200", " 404 "].map(parseStatus)).toEqual([100, 599, 200, 404]);
  expect(
    [99, 600, "", "20", "2000", "4e2", "abc", 200.5, Number.NaN, null, undefined, {}, true].map(parseStatus),
  ).toEqual(Array.from({ length: 13 }, () => null));
});
