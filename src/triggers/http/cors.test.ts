import { describe, expect, test } from "bun:test";
import type { CorsPolicy } from "./attributes.ts";
import { withCors } from "./cors.ts";

const policy: CorsPolicy = {
  origins: ["https://shop.example"],
  methods: ["GET", "PUT"],
  headers: ["Content-Type", "X-Own"],
  credentials: true,
  exposedHeaders: ["X-Order", "X-Total"],
  preflightMaxAgeSeconds: 5,
};

async function ask(headers: Record<string, string>, method = "GET", changes: Partial<CorsPolicy> = {}) {
  const counted: boolean[] = [];
  let called = false;
  const handler = withCors(
    () => {
      called = true;
      return Response.json({}, { headers: { vary: "Accept" } });
    },
    { ...policy, ...changes },
    { ended: (succeeded) => counted.push(succeeded) },
  );
  const response = await handler(
    new Request("http://api.example/", { method, headers: { host: "api.example", ...headers } }),
  );
  if (response === undefined) throw new Error("no response");
  const names = [...response.headers].filter(([name]) => name === "vary" || name.startsWith("access-control-"));
  return { status: response.status, headers: Object.fromEntries(names), called, counted };
}

const preflightVary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

describe("pre-flight requests", () => {
  const asking = (more: Record<string, string>) => ({ origin: "https://shop.example", ...more });

  test("are allowed what the policy allows", async () => {
    const headers = asking({
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type,x-own",
    });
    expect(await ask(headers, "OPTIONS")).toEqual({
      status: 200,
      headers: {
        vary: preflightVary,
        "access-control-allow-origin": "https://shop.example",
        "access-control-allow-credentials": "true",
        "access-control-max-age": "5",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "Content-Type, X-Own",
      },
      called: false,
      counted: [true],
    });
  });

  test.each([
    ["another origin", { origin: "https://other.example", "access-control-request-method": "PUT" }],
    ["another method", asking({ "access-control-request-method": "DELETE" })],
    [
      "another header",
      asking({ "access-control-request-method": "PUT", "access-control-request-headers": "X-Own, X-Other" }),
    ],
    ["no origin", { "access-control-request-method": "PUT" }],
  ])("with %s are 400", async (_, headers) => {
    const refused = { status: 400, headers: { vary: preflightVary }, called: false, counted: [false] };
    expect(await ask(headers as Record<string, string>, "OPTIONS")).toEqual(refused);
  });

  test("an OPTIONS request without the question is the function's", async () => {
    expect((await ask({}, "OPTIONS")).called).toBe(true);
  });
});

describe("requests", () => {
  test("of an allowed origin are answered to it, whatever its case", async () => {
    expect(await ask({ origin: "https://SHOP.example" })).toEqual({
      status: 200,
      headers: {
        vary: "Accept, Origin",
        "access-control-allow-origin": "https://SHOP.example",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-Order, X-Total",
      },
      called: true,
      counted: [],
    });
  });

  test.each([
    ["without an origin", {}],
    ["of the function's own origin", { origin: "https://api.example" }],
  ])("%s are served", async (_, headers) => {
    expect(await ask(headers as Record<string, string>)).toEqual({
      status: 200,
      headers: { vary: "Accept, Origin" },
      called: true,
      counted: [],
    });
  });

  test("of an origin that is not allowed never reach the function", async () => {
    const refused = { status: 403, headers: { vary: "Origin" }, called: false, counted: [false] };
    expect(await ask({ origin: "https://other.example" })).toEqual(refused);
  });

  test("any origin may be allowed", async () => {
    const given = await ask({ origin: "https://other.example" }, "GET", { origins: ["*"] });
    expect(given.headers["access-control-allow-origin"]).toBe("https://other.example");
  });
});
