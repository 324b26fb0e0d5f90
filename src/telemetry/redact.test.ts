import { describe, expect, test } from "bun:test";
import { redact, redactText } from "./redact.ts";

const secret = "s3cr3t-value";

describe("redact", () => {
  test("hides sensitive header values in an object, whatever the case of the name", () => {
    expect(redact({ Authorization: secret, COOKIE: secret, "Set-Cookie": [secret], host: "a.example" })).toEqual({
      Authorization: "[redacted]",
      COOKIE: "[redacted]",
      "Set-Cookie": "[redacted]",
      host: "a.example",
    });
  });

  test("hides them at depth", () => {
    expect(redact({ a: [{ request: { headers: { "x-api-key": secret, accept: "*/*" } } }] })).toEqual({
      a: [{ request: { headers: { "x-api-key": "[redacted]", accept: "*/*" } } }],
    });
  });

  test("hides them in lists of pairs and in flat field lines", () => {
    expect(
      redact({
        pairs: [
          ["proxy-authorization", secret],
          ["te", "trailers"],
        ],
        lines: [":path", "/", "authorization", secret, "te", "trailers"],
      }),
    ).toEqual({
      pairs: [
        ["proxy-authorization", "[redacted]"],
        ["te", "trailers"],
      ],
      lines: [":path", "/", "authorization", "[redacted]", "te", "trailers"],
    });
  });

  test("hides them in Headers, Map and name/value objects", () => {
    expect(
      redact({
        headers: new Headers({ cookie: secret, host: "a.example" }),
        map: new Map([["x-api-key", secret]]),
        mutation: { header: { key: "authorization", value: secret, rawValue: new Uint8Array(3) } },
      }),
    ).toEqual({
      headers: { cookie: "[redacted]", host: "a.example" },
      map: { "x-api-key": "[redacted]" },
      mutation: { header: { key: "authorization", value: "[redacted]", rawValue: "[redacted]" } },
    });
  });

  test("hides them in the text, the cause and the properties of errors", () => {
    const error = new Error(`upstream refused authorization: Bearer ${secret}`, {
      cause: Object.assign(new Error("inner"), { headers: { cookie: secret } }),
    });
    expect(JSON.stringify(redact({ err: error }))).not.toContain(secret);
    expect(redact({ err: error })).toMatchObject({
      err: { type: "Error", message: "upstream refused authorization: [redacted]", cause: { message: "inner" } },
    });
  });

  test("keeps repeated names of an iterable", () => {
    const list = {
      *[Symbol.iterator]() {
        yield ["via", "a"];
        yield ["via", "b"];
        yield ["cookie", secret];
      },
    };
    expect(redact({ list })).toEqual({ list: { via: ["a", "b"], cookie: "[redacted]" } });
  });

  test("ends at cycles and cuts what is too deep", () => {
    const ring: Record<string, unknown> = { name: "ring" };
    ring["self"] = ring;
    expect(redact(ring)).toEqual({ name: "ring", self: "[circular]" });
    let deep: unknown = "end";
    for (let depth = 0; depth < 20; depth++) deep = { deep };
    expect(JSON.stringify(redact(deep))).toContain("[…]");
  });

  test("survives what throws and leaves generators alone", () => {
    const hostile = {
      get value() {
        throw new Error("cookie: s3cr3t-value");
      },
    };
    expect(redact({ hostile })).toEqual({ hostile: "[unreadable: Error: cookie: [redacted]]" });
    const numbers = [1, 2].values();
    redact({ numbers });
    expect([...numbers]).toEqual([1, 2]);
  });

  test("shows bytes by their length only", () => {
    expect(redact({ body: new TextEncoder().encode(secret) })).toEqual({ body: `<${secret.length} bytes>` });
  });
});

describe("redactText", () => {
  test.each([
    [`Authorization: Bearer ${secret}`, "Authorization: [redacted]"],
    [`sent {"cookie":"a=${secret}","host":"x"}`, 'sent {"cookie":[redacted]","host":"x"}'],
    [`x-api-key=${secret}`, "x-api-key=[redacted]"],
    ["no cookies today", "no cookies today"],
    ["the authorization header is missing", "the authorization header is missing"],
  ])("%s", (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });
});
