/** Orders of events that random interleavings (test/property) found to go wrong, each once by name. */
import { describe, expect, test } from "bun:test";
import type { Middleware } from "../../function/contract.ts";
import { FakeEnvoy, type Fields, fakeService } from "./fake-envoy.test-support.ts";

const post: Fields = [
  [":method", "POST"],
  [":path", "/orders"],
];
const ok: Fields = [[":status", "200"]];
const streamed = { requestBodyMode: "STREAMED", responseBodyMode: "STREAMED" };
const duplex = { requestBodyMode: "FULL_DUPLEX_STREAMED", responseBodyMode: "NONE" };

/** What a function got or was thrown: the code of an error. */
async function outcome<T>(promise: Promise<T>): Promise<T | string> {
  return promise.catch((error: { code?: string; message: string }) => error.code ?? error.message);
}

/** Serves one exchange with `run` and keeps what it returns in `results`. */
function exchange(run: (...args: Parameters<Middleware>) => Promise<unknown>, config: object, attributes: object = {}) {
  const results: unknown[] = [];
  const service = fakeService(async (...args) => {
    results.push(await run(...args));
  }, attributes);
  return { envoy: new FakeEnvoy(service, config), results, service };
}

/** Longer than what is kept in duplex of a body nobody reads. */
const LONG = "x".repeat(200_000);

describe("bodies a function holds and does not read", () => {
  test.each(["STREAMED", "FULL_DUPLEX_STREAMED"])("go on without it in %s", async (requestBodyMode) => {
    const { envoy, results } = exchange(
      async ({ request }, next) => {
        const held = request.body;
        await next();
        return outcome(new Response(held).text());
      },
      { requestBodyMode },
    );
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody(LONG, false);
    await envoy.settle();
    envoy.requestBody("end", true);
    await envoy.settle();
    expect([envoy.bodies.request === `${LONG}end`, envoy.paused]).toEqual([true, false]);
    envoy.responseHeaders(ok, true);
    await envoy.settle();
    expect(results).toEqual(["REQUEST_SENT"]);
  });

  test("hold nothing up once what takes their place is complete", async () => {
    const { envoy } = exchange(async ({ request }, next) => {
      if (request.body !== null) request.body = new Response("new").body;
      await next();
    }, duplex);
    envoy.requestHeaders(post);
    await envoy.settle();
    for (let i = 0; i < 3; i++) {
      envoy.requestBody(LONG, false);
      await envoy.settle();
    }
    expect(envoy.paused).toBe(false);
    envoy.requestBody("", true);
    await envoy.settle();
    expect([envoy.bodies.request, envoy.bodyEnded("request")] as unknown[]).toEqual(["new", true]);
  });

  test("are kept for an observer within the limit", async () => {
    const results: string[] = [];
    const service = fakeService(
      async ({ request }, next) => {
        const held = request.body;
        await next();
        results.push(await outcome(new Response(held).text()));
      },
      { perRequestBodyBufferBytes: 300_000 },
    );
    for (const chunks of [1, 2]) {
      const envoy = new FakeEnvoy(service, null);
      const copy = { observabilityMode: true };
      const headers = (fields: Fields) => ({ headers: { headers: fields.map(([key, value]) => ({ key, value })) } });
      envoy.raw({ requestHeaders: headers(post), ...copy });
      await envoy.settle();
      for (let i = 1; i <= chunks; i++) {
        envoy.raw({ requestBody: { body: Buffer.from(LONG), endOfStream: i === chunks }, ...copy });
      }
      envoy.raw({ responseHeaders: { ...headers(ok), endOfStream: true }, ...copy });
      await envoy.settle();
    }
    expect(results).toEqual([LONG, "BODY_TOO_LARGE"]);
  });
});

describe("waits that nothing would end", () => {
  test("trailers Envoy does not send are null once the response comes", async () => {
    const { envoy, results } = exchange(({ request }) => request.trailers, {});
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.responseHeaders(ok, true);
    await envoy.settle();
    expect(results).toEqual([null]);
  });

  test("a request body is not waited for when Envoy answered the client before it was asked for", async () => {
    const { envoy, results } = exchange(
      async ({ request }) => {
        await Bun.sleep(1);
        return outcome(request.text());
      },
      { requestBodyMode: "BUFFERED" },
    );
    envoy.requestHeaders(post);
    envoy.responseHeaders([[":status", "413"]], true);
    await Bun.sleep(5);
    expect(results).toEqual(["CANCELLED"]);
  });

  test("a streamed request body without an end is not waited for once the response is there", async () => {
    const { envoy, results } = exchange(({ request }) => outcome(new Response(request.body).text()), streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody("ab", false);
    await envoy.settle();
    envoy.responseHeaders(ok, true);
    await envoy.settle();
    expect(results).toEqual(["BODY_INCOMPLETE"]);
    expect(envoy.bodies.request).toBe("ab");
  });

  test("a body asked for as a stream after another one was assigned is refused", async () => {
    const { envoy, results } = exchange(async ({ request }) => {
      request.body = "mine";
      return outcome(new Response(request.body).text());
    }, streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    expect(results).toEqual(["BODY_ALREADY_SENT"]);
  });

  test("trailers asked for and not awaited go on with next()", async () => {
    const { envoy } = exchange(async ({ request }, next) => {
      void request.trailers;
      await next();
    }, duplex);
    envoy.requestHeaders(post);
    envoy.requestBody("ab", false);
    await envoy.settle();
    envoy.requestTrailers([["x-sum", "1"]]);
    await envoy.settle();
    expect(envoy.answers.at(-1)).toEqual({ requestTrailers: {} });
  });

  test("a body that began without headers can be read whole", async () => {
    const { envoy, results } = exchange(async ({ request }) => {
      await Bun.sleep(1);
      return request.text();
    }, streamed);
    envoy.requestBody("ab", true);
    await Bun.sleep(5);
    await envoy.settle();
    expect(results).toEqual(["ab"]);
  });

  test("a duplex body read and not awaited is read to its end before it goes on", async () => {
    const { envoy, results } = exchange(async ({ request }, next) => {
      const text = request.text();
      void next();
      return text;
    }, duplex);
    envoy.requestHeaders(post);
    envoy.requestBody("ab", false);
    await envoy.settle();
    envoy.requestBody("cd", true);
    await envoy.settle();
    expect([results, envoy.bodies.request, envoy.bodyEnded("request")] as unknown[]).toEqual([["abcd"], "abcd", true]);
  });

  test("a body too long to be read goes on when the function does not care", async () => {
    const { envoy } = exchange(
      async ({ request }) => {
        void request.text();
      },
      streamed,
      { perRequestBodyBufferBytes: 2 },
    );
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody("abcd", true);
    await envoy.settle();
    expect(envoy.bodies.request).toBe("abcd");
  });
});

describe("what must not be lost in silence", () => {
  test("headers Envoy keeps to itself refuse changes", async () => {
    const { envoy, results } = exchange(
      async ({ request }) => {
        try {
          request.headers.set("x-a", "1");
          return "set";
        } catch (error) {
          return (error as Error).message;
        }
      },
      { requestBodyMode: "BUFFERED" },
    );
    envoy.requestBody("ab", true);
    await envoy.settle();
    expect(results).toEqual([expect.stringContaining("set request_header_mode: SEND")]);
  });

  test("a body that passed unseen before trailers is not taken for an empty one", async () => {
    const { envoy, results } = exchange(async ({ request }) => {
      await request.trailers;
      return outcome(request.text());
    }, {});
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestTrailers([["x-sum", "1"]]);
    await envoy.settle();
    expect(results).toEqual(["BODY_NOT_SENT"]);
  });

  test("changes that waited for a body Envoy never sent are a failure", async () => {
    const { envoy, service } = exchange(async ({ request }, next) => {
      void request.text();
      request.headers.set("x-a", "1");
      await next();
    }, {});
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.responseHeaders(ok, true);
    await envoy.settle();
    expect(envoy.answers.at(-1)).toMatchObject({ immediateResponse: { status: { code: "InternalServerError" } } });
    expect(service.counters.get("processor_failures_total{test,BODY_NOT_SENT}")?.value).toBe(1);
  });

  test("a new body does not replace only the beginning of the old one", async () => {
    const { envoy, service } = exchange(
      async ({ request }, next) => {
        void request.text();
        request.body = "mine";
        await next();
      },
      { requestBodyMode: "BUFFERED_PARTIAL" },
    );
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody("the beginning", false);
    await envoy.settle();
    expect(envoy.answers.at(-1)).toMatchObject({ immediateResponse: {} });
    expect(service.counters.get("processor_failures_total{test,BODY_INCOMPLETE}")?.value).toBe(1);
  });

  test("a body read whole can be read as a stream as well", async () => {
    const { envoy, results } = exchange(async ({ request }) => {
      const text = request.body === null ? "" : await request.text();
      return [text, await new Response(request.body).text()];
    }, duplex);
    envoy.requestHeaders(post);
    envoy.requestBody("ab", true);
    await envoy.settle();
    expect(results).toEqual([["ab", "ab"]]);
  });

  test("a body to be sent in the place of one read whole takes the next chunk's, when the response came first", async () => {
    const { envoy, results } = exchange(async ({ request }, next) => {
      request.body = "new";
      const read = outcome(request.text());
      await next();
      return read;
    }, streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.responseHeaders(ok, true);
    await envoy.settle();
    envoy.requestBody("old", true);
    await envoy.settle();
    expect([envoy.bodies.request, results] as unknown[]).toEqual(["new", ["BODY_INCOMPLETE"]]);
  });

  test("a chunk that is longer than what is read ahead is transformed when it came before the function ran", async () => {
    const { envoy } = exchange(async ({ request }, next) => {
      const { body } = request;
      if (body !== null) request.body = passOn(body);
      await next();
    }, streamed);
    envoy.requestBody(LONG, true);
    await envoy.settle();
    expect(envoy.bodies.request === LONG).toBe(true);
  });

  test("half a message is broken by an answer, which failure_mode_allow cannot let pass", async () => {
    const { envoy } = exchange(
      async ({ request }, next) => {
        request.body = new ReadableStream({
          pull: async (controller) => {
            controller.enqueue(Buffer.from("new"));
            await Bun.sleep(2);
            controller.error(new Error("no"));
          },
        });
        await next();
      },
      streamed,
      { onError: "fail" },
    );
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody("old", false);
    await Bun.sleep(10);
    await envoy.settle();
    expect(envoy.answers.at(-1)).toMatchObject({ immediateResponse: { status: { code: "InternalServerError" } } });
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("so is one that a drain cuts", async () => {
    const { envoy } = exchange(async ({ request }, next) => {
      request.body = new ReadableStream({ pull: () => Bun.sleep(1000) });
      await next();
    }, streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody("old", false);
    await envoy.settle();
    envoy.session.endForDrain();
    expect(envoy.answers.at(-1)).toMatchObject({ immediateResponse: { status: { code: "ServiceUnavailable" } } });
  });
});

async function* passOn(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk;
}
