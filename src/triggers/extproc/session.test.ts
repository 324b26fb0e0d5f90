import { describe, expect, test } from "bun:test";
import type { Exchange, Middleware } from "../../function/contract.ts";
import { ExchangeError } from "../../function/errors.ts";
import { FakeEnvoy, type Fields, fakeService } from "./fake-envoy.test-support.ts";

const get: Fields = [
  [":method", "GET"],
  [":path", "/orders?id=7"],
  [":authority", "shop.test"],
  [":scheme", "https"],
  ["x-request-id", "r-1"],
  ["accept", "text/html"],
  ["accept", "text/plain"],
];
const post: Fields = [
  [":method", "POST"],
  [":path", "/orders"],
  [":authority", "shop.test"],
  [":scheme", "https"],
  ["content-type", "application/json"],
  ["content-length", "9"],
];
const ok: Fields = [
  [":status", "200"],
  ["content-type", "text/plain"],
  ["server", "upstream"],
];
const buffered = { requestBodyMode: "BUFFERED", responseBodyMode: "BUFFERED" };

function overwrite(key: string, rawValue: string): object {
  return { header: { key, rawValue }, append: {}, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

function append(key: string, rawValue: string): object {
  return { header: { key, rawValue }, append: { value: true } };
}

describe("a function that looks at the request only", () => {
  test("ends the stream without an answer when it changed nothing", async () => {
    const envoy = new FakeEnvoy(fakeService(() => {}));
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(envoy.answers).toEqual([]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("sends its changes and closes early", async () => {
    const service = fakeService((exchange) => {
      exchange.request.headers.set("X-Team", "blue");
      exchange.request.headers.append("accept", "*/*");
      exchange.request.headers.delete("x-request-id");
    });
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(envoy.answers).toEqual([
      {
        requestHeaders: {
          response: {
            headerMutation: {
              setHeaders: [overwrite("x-team", "blue"), append("accept", "*/*")],
              removeHeaders: ["x-request-id"],
            },
          },
        },
      },
    ]);
    expect(envoy.status).toEqual({ code: 0 });
    expect(service.counters.get("processor_exchanges_total{test,closed_early}")?.value).toBe(1);
    expect(service.sessions.size).toBe(0);
  });

  test("a changed path is set with the route cache cleared, unless that is switched off", async () => {
    const change: Middleware = ({ request }) => {
      request.path = "/v2/orders";
    };
    const automatic = new FakeEnvoy(fakeService(change));
    automatic.requestHeaders(get, true);
    const never = new FakeEnvoy(fakeService(change, { clearRouteCache: "never" }));
    never.requestHeaders(get, true);
    const headerMutation = { setHeaders: [overwrite(":path", "/v2/orders")] };
    expect((await automatic.settle()).answers).toEqual([
      { requestHeaders: { response: { headerMutation, clearRouteCache: true } } },
    ]);
    expect((await never.settle()).answers).toEqual([{ requestHeaders: { response: { headerMutation } } }]);
  });

  test("clearRouteCache() alone goes with an empty mutation, without which Envoy ignores it", async () => {
    const envoy = new FakeEnvoy(fakeService((exchange) => exchange.clearRouteCache()));
    envoy.requestHeaders(get, true);
    expect((await envoy.settle()).answers).toEqual([
      { requestHeaders: { response: { headerMutation: {}, clearRouteCache: true } } },
    ]);
  });
});

describe("a function that awaits the response", () => {
  test("changes both directions and ends with the response headers", async () => {
    const service = fakeService(async ({ request }, next) => {
      request.headers.set("x-seen", request.method + request.url.pathname + request.url.search);
      const response = await next();
      response.headers.delete("server");
      response.headers.append("set-cookie", "a=1");
      response.headers.append("set-cookie", "b=2");
      response.status = 201;
    });
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    expect((await envoy.settle()).answers).toEqual([
      { requestHeaders: { response: { headerMutation: { setHeaders: [overwrite("x-seen", "GET/orders?id=7")] } } } },
    ]);
    expect(envoy.status).toBeNull();
    envoy.responseHeaders(ok);
    await envoy.settle();
    expect(envoy.answers[1]).toEqual({
      responseHeaders: {
        response: {
          headerMutation: {
            setHeaders: [overwrite(":status", "201"), overwrite("set-cookie", "a=1"), append("set-cookie", "b=2")],
            removeHeaders: ["server"],
          },
        },
      },
    });
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("takes the rest of a buffered request out of the exchange when it does not read it", async () => {
    const envoy = new FakeEnvoy(
      fakeService((_, next) => next()),
      buffered,
    );
    envoy.requestHeaders(post);
    expect((await envoy.settle()).answers).toEqual([
      { requestHeaders: { response: { status: "CONTINUE_AND_REPLACE" } } },
    ]);
    envoy.responseHeaders(ok);
    expect((await envoy.settle()).answers).toHaveLength(1);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("changing the request after next() throws, naming the header", async () => {
    let thrown: unknown;
    const service = fakeService(async ({ request }, next) => {
      const response = next();
      try {
        request.headers.set("x-late", "1");
      } catch (error) {
        thrown = error;
      }
      await response;
    });
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(thrown).toMatchObject({ code: "REQUEST_SENT", message: expect.stringContaining('"x-late"') });
  });

  test("is closed early when it settles while next() is pending", async () => {
    const envoy = new FakeEnvoy(
      fakeService(({ request }, next) => {
        request.headers.set("x-a", "1");
        void next();
      }),
    );
    envoy.requestHeaders(get, true);
    expect((await envoy.settle()).answers).toHaveLength(1);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("ends quietly when Envoy sends no response phase", async () => {
    const service = fakeService((_, next) => next());
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    envoy.close();
    await envoy.settle();
    expect(service.counters.get("processor_exchanges_total{test,incomplete}")?.value).toBe(1);
    expect(service.lines).toEqual([]);
  });
});

describe("bodies", () => {
  const uppercase: Middleware = async ({ request }, next) => {
    const body = await request.text();
    request.body = `${body.toUpperCase()}!`;
    request.headers.set("x-read", String(body.length));
    await next();
  };

  test("in BUFFERED the headers are answered bare and all changes go with the body", async () => {
    const envoy = new FakeEnvoy(fakeService(uppercase), buffered);
    envoy.requestHeaders(post);
    expect((await envoy.settle()).answers).toEqual([{ requestHeaders: {} }]);
    envoy.requestBody('{"a":"b"}');
    await envoy.settle();
    expect(envoy.answers[1]).toEqual({
      requestBody: {
        response: {
          headerMutation: { setHeaders: [overwrite("x-read", "9"), overwrite("content-length", "10")] },
          bodyMutation: { body: '{"A":"B"}!' },
        },
      },
    });
  });

  test("in NONE the body is asked for by an override that names both modes", async () => {
    const envoy = new FakeEnvoy(fakeService(uppercase), { responseBodyMode: "BUFFERED" });
    envoy.requestHeaders(post);
    expect((await envoy.settle()).answers).toEqual([
      {
        requestHeaders: { response: {} },
        modeOverride: { requestBodyMode: "BUFFERED", responseBodyMode: "BUFFERED" },
      },
    ]);
    envoy.requestBody('{"a":"b"}');
    expect((await envoy.settle()).answers).toHaveLength(2);
  });

  test("a message without a body is read as empty at once", async () => {
    let text: string | undefined;
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }) => {
        text = await request.text();
      }),
    );
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(text).toBe("");
    expect(envoy.answers).toEqual([]);
  });

  test("reading twice gives the same and an unchanged body is not sent back", async () => {
    const texts: string[] = [];
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }, next) => {
        texts.push(await request.text(), await request.text());
        expect(await request.json()).toEqual({ a: "b" });
        await next();
      }),
      buffered,
    );
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody('{"a":"b"}');
    await envoy.settle();
    expect(texts).toEqual(['{"a":"b"}', '{"a":"b"}']);
    expect(envoy.answers).toEqual([{ requestHeaders: {} }, { requestBody: {} }]);
  });

  test("a body assigned before any read goes with the headers", async () => {
    const envoy = new FakeEnvoy(
      fakeService(({ request }) => {
        request.body = "new";
      }),
      buffered,
    );
    envoy.requestHeaders(post);
    expect((await envoy.settle()).answers).toEqual([
      { requestHeaders: { response: { status: "CONTINUE_AND_REPLACE", bodyMutation: { body: "new" } } } },
    ]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("a gzip body is read decoded and its replacement is encoded again", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }) => {
        request.body = `${await request.text()}!`;
      }),
      buffered,
    );
    const gzip = Buffer.from(Bun.gzipSync("hello")).toString("latin1");
    envoy.requestHeaders([...post.slice(0, 5), ["content-encoding", "gzip"], ["content-length", String(gzip.length)]]);
    await envoy.settle();
    envoy.requestBody(gzip);
    await envoy.settle();
    const [, answer] = envoy.answers as { requestBody: { response: { bodyMutation: { body: string } } } }[];
    const sent = Buffer.from(answer?.requestBody.response.bodyMutation.body ?? "", "latin1");
    expect(Buffer.from(Bun.gunzipSync(sent)).toString()).toBe("hello!");
    expect(answer).toMatchObject({
      requestBody: { response: { headerMutation: { setHeaders: [overwrite("content-length", String(sent.length))] } } },
    });
  });

  test("with recompressBodies off the replacement goes out without the coding", async () => {
    const envoy = new FakeEnvoy(
      fakeService(
        async ({ request }) => {
          request.body = `${await request.text()}!`;
        },
        { processingOptions: { recompressBodies: false } },
      ),
      buffered,
    );
    const gzip = Buffer.from(Bun.gzipSync("hello")).toString("latin1");
    envoy.requestHeaders([...post.slice(0, 5), ["content-encoding", "gzip"], ["content-length", String(gzip.length)]]);
    await envoy.settle();
    envoy.requestBody(gzip);
    await envoy.settle();
    expect(envoy.answers[1]).toEqual({
      requestBody: {
        response: {
          headerMutation: { setHeaders: [overwrite("content-length", "6")], removeHeaders: ["content-encoding"] },
          bodyMutation: { body: "hello!" },
        },
      },
    });
  });

  test("the response to HEAD gets no body", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async (_, next) => {
        const response = await next();
        response.body = "text";
      }),
    );
    envoy.requestHeaders([[":method", "HEAD"], ...get.slice(1)], true);
    await envoy.settle();
    envoy.responseHeaders(ok, true);
    await envoy.settle();
    expect(envoy.answers).toEqual([{ requestHeaders: {} }]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("a read that Envoy does not honour rejects, naming allow_mode_override, and fails on the response", async () => {
    const service = fakeService(uppercase);
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.responseHeaders(ok);
    await envoy.settle();
    expect(envoy.answers[1]).toMatchObject({ immediateResponse: { status: { code: "InternalServerError" } } });
    expect(service.lines[0]).toMatchObject({ fields: { error: expect.stringContaining("allow_mode_override: true") } });
  });

  test("Envoy's own reply to a buffered request passes", async () => {
    const service = fakeService(uppercase);
    const envoy = new FakeEnvoy(service, buffered);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.responseHeaders([[":status", "413"]]);
    await envoy.settle();
    expect(envoy.answers).toEqual([{ requestHeaders: {} }]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("without protocol_config the body is not asked for", async () => {
    const service = fakeService(uppercase);
    const envoy = new FakeEnvoy(service, null);
    envoy.requestHeaders(post);
    await envoy.settle();
    expect(envoy.answers).toMatchObject([{ immediateResponse: {} }]);
    expect(service.lines[0]?.fields).toMatchObject({ error: expect.stringContaining("request_body_mode: BUFFERED") });
  });

  test("half a body in BUFFERED_PARTIAL is refused, a whole one read", async () => {
    const partial = { requestBodyMode: "BUFFERED_PARTIAL" };
    const half = fakeService(uppercase);
    const cut = new FakeEnvoy(half, partial);
    cut.requestHeaders(post);
    await cut.settle();
    cut.requestBody('{"a"', false);
    await cut.settle();
    expect(cut.answers[1]).toMatchObject({ immediateResponse: {} });
    expect(half.lines[0]?.fields).toMatchObject({ error: expect.stringContaining("BUFFERED_PARTIAL") });

    const whole = new FakeEnvoy(fakeService(uppercase), partial);
    whole.requestHeaders(post);
    await whole.settle();
    whole.requestBody('{"a":"b"}', false);
    await whole.settle();
    expect(whole.answers[1]).toMatchObject({ requestBody: { response: { bodyMutation: { body: '{"A":"B"}!' } } } });
  });

  test("a body beyond the limit is a failure that names the setting", async () => {
    const service = fakeService(uppercase, { perRequestBodyBufferBytes: 4 });
    const envoy = new FakeEnvoy(service, buffered);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody('{"a":"b"}');
    await envoy.settle();
    expect(envoy.answers[1]).toMatchObject({ immediateResponse: {} });
    expect(service.lines[0]?.fields).toMatchObject({ error: expect.stringContaining("perRequestBodyBufferBytes") });
    expect(service.counters.get("processor_failures_total{test,BODY_TOO_LARGE}")?.value).toBe(1);
  });

  test("a body assigned as a stream is collected", async () => {
    const envoy = new FakeEnvoy(
      fakeService(({ request }) => {
        request.body = new Response("streamed").body;
      }),
      buffered,
    );
    envoy.requestHeaders(post);
    expect((await envoy.settle()).answers).toEqual([
      { requestHeaders: { response: { status: "CONTINUE_AND_REPLACE", bodyMutation: { body: "streamed" } } } },
    ]);
    expect(envoy.status).toEqual({ code: 0 });
  });
});

describe("trailers", () => {
  test("can be read and changed after headers and body went on", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }, next) => {
        request.headers.set("x-a", "1");
        const trailers = await request.trailers;
        trailers?.set("x-sum", "2");
        await next();
      }),
      buffered,
    );
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody('{"a":"b"}', false);
    await envoy.settle();
    envoy.requestTrailers([["x-sum", "1"]]);
    await envoy.settle();
    expect(envoy.answers).toEqual([
      { requestHeaders: { response: { headerMutation: { setHeaders: [overwrite("x-a", "1")] } } } },
      { requestBody: {} },
      { requestTrailers: { headerMutation: { setHeaders: [overwrite("x-sum", "2")] } } },
    ]);
  });

  test("are null when the body ended without any", async () => {
    let trailers: unknown = "unset";
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }) => {
        trailers = await request.trailers;
      }),
      buffered,
    );
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody('{"a":"b"}');
    await envoy.settle();
    expect(trailers).toBeNull();
    expect(envoy.status).toEqual({ code: 0 });
  });
});

describe("immediate answers", () => {
  test("carry status, headers with every cookie, body, grpc-status and details", async () => {
    const envoy = new FakeEnvoy(
      fakeService((exchange) => {
        exchange.details = "no token";
        const headers = new Headers({ "x-why": "token", "grpc-status": "16" });
        headers.append("set-cookie", "a=1");
        headers.append("set-cookie", "b=2");
        return new Response("who are you?", { status: 401, headers });
      }),
    );
    envoy.requestHeaders(get, true);
    expect((await envoy.settle()).answers).toEqual([
      {
        immediateResponse: {
          status: { code: "Unauthorized" },
          headers: {
            setHeaders: [
              overwrite("x-why", "token"),
              overwrite("set-cookie", "a=1"),
              append("set-cookie", "b=2"),
              overwrite("content-type", "text/plain;charset=utf-8"),
            ],
          },
          body: "who are you?",
          grpcStatus: { status: 16 },
          details: "no token",
        },
      },
    ]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("replace the response after next(), also once its body was read", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async (_, next) => {
        const response = await next();
        return new Response(`instead of ${await response.text()}`, { status: 502 });
      }),
      buffered,
    );
    envoy.requestHeaders(get, true);
    await envoy.settle();
    envoy.responseHeaders(ok);
    await envoy.settle();
    envoy.responseBody("this");
    await envoy.settle();
    expect(envoy.answers[2]).toMatchObject({
      immediateResponse: { status: { code: "BadGateway" }, body: "instead of this" },
    });
  });

  test("with a header Envoy would refuse are a failure that names it", async () => {
    const service = fakeService(() => new Response("", { headers: { host: "a" } }));
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(envoy.answers).toMatchObject([{ immediateResponse: { status: { code: "InternalServerError" } } }]);
    expect(service.lines[0]?.fields).toMatchObject({ error: expect.stringContaining('header "host"') });
  });

  test("leave out Envoy's own headers, and say so once", async () => {
    const service = fakeService(() => new Response(null, { headers: { "x-envoy-retry-on": "5xx", "x-own": "1" } }));
    for (let exchange = 0; exchange < 2; exchange++) {
      const envoy = new FakeEnvoy(service);
      envoy.requestHeaders(get, true);
      await envoy.settle();
      expect(envoy.answers).toEqual([
        { immediateResponse: { status: { code: "OK" }, headers: { setHeaders: [overwrite("x-own", "1")] } } },
      ]);
    }
    expect(service.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^header "x-envoy-retry-on" is left out .*allowEnvoyHeaders/),
    ]);
  });
});

describe("failures", () => {
  test("what ended another exchange quietly is a failure in one that goes on", async () => {
    const service = fakeService(() => Promise.reject(new ExchangeError("CANCELLED", "of another exchange")));
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(envoy.answers).toMatchObject([{ immediateResponse: { status: { code: "InternalServerError" } } }]);
  });

  const boom: Middleware = () => {
    throw new Error("secret detail");
  };

  test.each<[string, object, object]>([
    [
      "500",
      {},
      {
        answers: [{ immediateResponse: { status: { code: "InternalServerError" }, details: "function_failed" } }],
        status: { code: 0 },
      },
    ],
    [
      "503",
      { onError: 503 },
      {
        answers: [{ immediateResponse: { status: { code: "ServiceUnavailable" }, details: "function_failed" } }],
        status: { code: 0 },
      },
    ],
    ["pass", { onError: "pass" }, { answers: [], status: { code: 0 } }],
    ["fail", { onError: "fail" }, { answers: [], status: { code: 13, message: "the function failed" } }],
  ])("onError %s", async (_, attributes, expected) => {
    const service = fakeService(boom, attributes);
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect({ answers: envoy.answers, status: envoy.status } as object).toEqual(expected);
    expect(service.lines).toMatchObject([{ level: "error", fields: { error: "secret detail" } }]);
    expect(service.counters.get("processor_failures_total{test,threw}")?.value).toBe(1);
  });

  test("a late rejection with pass drops the changes made before", async () => {
    const envoy = new FakeEnvoy(
      fakeService(
        async ({ request }) => {
          request.headers.set("x-half", "1");
          await Promise.resolve();
          throw new Error("late");
        },
        { onError: "pass" },
      ),
    );
    envoy.requestHeaders(get, true);
    expect((await envoy.settle()).answers).toEqual([]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("a function that never settles falls to the policy after the timeout and its signal fires", async () => {
    let exchange: Exchange | undefined;
    const service = fakeService(
      (given) => {
        exchange = given;
        return new Promise<void>(() => {});
      },
      { timeout: "20ms", onError: 504 },
    );
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    const { signal } = exchange ?? {};
    await envoy.until(() => envoy.ended);
    expect(envoy.answers).toMatchObject([{ immediateResponse: { status: { code: "GatewayTimeout" } } }]);
    expect(signal?.aborted).toBe(true);
  });

  test("more time is asked for once when 80 % of the timeout is used up", async () => {
    const service = fakeService(async () => Bun.sleep(80), { timeout: "50ms", extendTimeout: "1500ms" });
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.until(() => envoy.ended);
    expect(envoy.answers).toEqual([{ overrideMessageTimeout: { seconds: 1, nanos: 500_000_000 } }]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test.each<[string, Middleware, string]>([
    [
      "more changes than Envoy takes",
      ({ request }) => {
        for (let i = 0; i < 101; i++) request.headers.set(`x-${i}`, "1");
      },
      "maxHeaderCount",
    ],
    [
      "more headers than Envoy takes",
      ({ request }) => {
        for (let i = 0; i < 96; i++) request.headers.set(`x-${i}`, "1");
      },
      "103 headers",
    ],
    [
      "larger headers than Envoy takes",
      ({ request }) => request.headers.set("x-large", "x".repeat(61_440)),
      "maxHeaderBytes",
    ],
  ])("%s are a failure that names the setting", async (_, run, named) => {
    const service = fakeService(run);
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(envoy.answers).toMatchObject([{ immediateResponse: { status: { code: "InternalServerError" } } }]);
    expect(service.lines[0]?.fields).toMatchObject({ error: expect.stringContaining(named) });
  });

  test("a result that is no Response is a failure", async () => {
    const service = fakeService((() => "text") as unknown as Middleware);
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(service.lines[0]?.fields).toMatchObject({ error: expect.stringContaining("returned a string") });
  });
});

describe("ends", () => {
  test("a reset with an answer due fires the signal and counts as cancelled", async () => {
    let exchange: Exchange | undefined;
    const service = fakeService((given) => {
      exchange = given;
      return new Promise<void>(() => {});
    });
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    const { signal } = exchange ?? {};
    envoy.close();
    await envoy.settle();
    expect(signal?.aborted).toBe(true);
    expect(service.counters.get("processor_exchanges_total{test,cancelled}")?.value).toBe(1);
    expect(service.lines).toMatchObject([{ level: "warn", message: expect.stringContaining("message_timeout") }]);
  });

  test("an exchange that begins with the response is closed and counted, or runs when configured", async () => {
    const skipped = fakeService(() => {
      throw new Error("must not run");
    });
    const first = new FakeEnvoy(skipped);
    first.responseHeaders(ok, true);
    await first.settle();
    expect(first.status).toEqual({ code: 0 });
    expect(skipped.counters.get("processor_exchanges_total{test,without_request}")?.value).toBe(1);

    const run = fakeService(
      async (exchange, next) => {
        const response = await next();
        response.headers.set("x-path", `${exchange.requestSeen} ${exchange.request.path} ${response.status}`);
      },
      { withoutRequest: "run" },
    );
    const second = new FakeEnvoy(run);
    const attributes = { "envoy.filters.http.ext_proc": { fields: { "request.path": { stringValue: "/a" } } } };
    second.responseHeaders(ok, true, { attributes });
    await second.settle();
    expect(second.answers).toEqual([
      { responseHeaders: { response: { headerMutation: { setHeaders: [overwrite("x-path", "false /a 200")] } } } },
    ]);
  });

  test("a message without a phase is not answered", async () => {
    const envoy = new FakeEnvoy(fakeService((_, next) => next()));
    envoy.requestHeaders(get, true);
    await envoy.settle();
    envoy.raw({ clientWindowUpdate: { windowIncrementSidestreamToUpstream: 5 } });
    expect((await envoy.settle()).answers).toHaveLength(1);
  });
});

describe("what surrounds an exchange", () => {
  test("logPhases tells of each message with the exchange's id and takes nothing from the function", async () => {
    let path = "";
    const service = fakeService(
      ({ request }) => {
        path = request.path;
        request.headers.set("x-team", "blue");
      },
      { processingOptions: { logPhases: true } },
    );
    const envoy = new FakeEnvoy(service);
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(envoy.session.id).toBe("r-1");
    expect([path, service.lines.map((line) => [line.fields, line.message])]).toEqual([
      "/orders?id=7",
      [
        [{ phase: "request_headers" }, "received"],
        [{ phase: "request_headers" }, "answered"],
      ],
    ]);
  });

  test("attributes, metadata and initial metadata are read, dynamic metadata is sent", async () => {
    const seen: unknown[] = [];
    const envoy = new FakeEnvoy(
      fakeService((exchange) => {
        seen.push(
          exchange.id,
          exchange.attributes.get("source.port"),
          [...exchange.attributes],
          exchange.metadata.get("lb", "canary"),
          exchange.metadata.get("lb", "none"),
          exchange.metadata.initial("X-Tenant"),
        );
        exchange.metadata.set("auth", "user", { name: "ada", roles: ["a", 1, null, true] });
      }),
    );
    envoy.requestHeaders(get, true, {
      attributes: {
        "envoy.filters.http.ext_proc": {
          fields: { "source.port": { numberValue: 4711 }, "source.address": { stringValue: "1.2.3.4:4711" } },
        },
      },
      metadataContext: { filterMetadata: { lb: { fields: { canary: { boolValue: true } } } } },
    });
    await envoy.settle();
    const all = [
      ["source.address", "1.2.3.4:4711"],
      ["source.port", 4711],
    ];
    expect(seen).toEqual(["r-1", 4711, all, true, undefined, "blue"]);
    expect(envoy.answers).toEqual([
      {
        requestHeaders: { response: {} },
        dynamicMetadata: {
          fields: {
            auth: {
              structValue: {
                fields: {
                  user: {
                    structValue: {
                      fields: {
                        name: { stringValue: "ada" },
                        roles: {
                          listValue: {
                            values: [
                              { stringValue: "a" },
                              { numberValue: 1 },
                              { nullValue: "NULL_VALUE" },
                              { boolValue: true },
                            ],
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ]);
  });

  test("routing and Envoy's headers change only where the trigger allows it", async () => {
    const codes: unknown[] = [];
    const attempt: Middleware = ({ request }) => {
      for (const change of [
        () => (request.method = "PUT"),
        () => (request.authority = "other.test"),
        () => request.headers.set("x-envoy-upstream-rq-timeout-ms", "1"),
        () => request.headers.set("host", "other.test"),
      ]) {
        try {
          change();
          codes.push("allowed");
        } catch (error) {
          codes.push(error instanceof Error && "code" in error ? error.code : error);
        }
      }
    };
    new FakeEnvoy(fakeService(attempt)).requestHeaders(get, true);
    const refused = "NOT_ALLOWED_BY_ENVOY";
    expect(codes.splice(0)).toEqual([refused, refused, refused, refused]);
    const envoy = new FakeEnvoy(fakeService(attempt, { allowRouting: true, allowEnvoyHeaders: true }));
    envoy.requestHeaders(get, true);
    await envoy.settle();
    expect(codes).toEqual(["allowed", "allowed", "allowed", refused]);
    expect(envoy.answers).toMatchObject([{ requestHeaders: { response: { clearRouteCache: true } } }]);
  });
});
