import { describe, expect, spyOn, test } from "bun:test";
import type { Middleware } from "../../function/contract.ts";
import { FakeEnvoy, type Fields, fakeService } from "./fake-envoy.test-support.ts";

const post: Fields = [
  [":method", "POST"],
  [":path", "/orders"],
  ["content-type", "text/plain"],
];
const get: Fields = [
  [":method", "GET"],
  [":path", "/orders"],
];
const ok: Fields = [
  [":status", "200"],
  ["content-type", "text/plain"],
];
const streamed = { requestBodyMode: "STREAMED", responseBodyMode: "STREAMED" };
const duplex = { requestBodyMode: "FULL_DUPLEX_STREAMED", responseBodyMode: "FULL_DUPLEX_STREAMED" };

/** Upper-cases what passes, piece by piece. */
function upperCase(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase()));
    },
    flush(controller) {
      controller.enqueue(Buffer.from("."));
    },
  });
}

const transform: Middleware = async ({ request }, next) => {
  request.body = request.body?.pipeThrough(upperCase()) ?? null;
  await next();
};
const whole: Middleware = async ({ request }, next) => {
  request.headers.set("x-before", "1");
  request.body = `[${await request.text()}]`;
  await next();
};

/** Notes the chunks of the request as they come. */
function readInto(seen: string[]): Middleware {
  return async ({ request }, next) => {
    for await (const chunk of request.body ?? []) seen.push(Buffer.from(chunk).toString());
    await next();
  };
}

/** Sends a request with its chunks, one after the other, each once the function had time to deal with the one before. */
async function sendRequest(envoy: FakeEnvoy, chunks: readonly string[], fields: Fields = post): Promise<void> {
  envoy.requestHeaders(fields);
  await envoy.settle();
  for (const [index, chunk] of chunks.entries()) {
    envoy.requestBody(chunk, index === chunks.length - 1);
    await envoy.settle();
  }
}

describe("STREAMED", () => {
  test("a function that does not look at the body closes early or takes the body out of the exchange", async () => {
    const gate = new FakeEnvoy(
      fakeService(() => {}),
      streamed,
    );
    gate.requestHeaders(post);
    await gate.settle();
    expect([gate.answers, gate.status] as unknown[]).toEqual([[], { code: 0 }]);
    const both = new FakeEnvoy(
      fakeService((_, next) => next()),
      streamed,
    );
    both.requestHeaders(post);
    expect((await both.settle()).answers).toEqual([
      { requestHeaders: { response: { status: "CONTINUE_AND_REPLACE" } } },
    ]);
  });

  test("chunks that come unasked are let through one by one", async () => {
    const envoy = new FakeEnvoy(
      fakeService((_, next) => next()),
      {
        ...streamed,
        sendBodyWithoutWaitingForHeaderResponse: true,
      },
    );
    envoy.requestHeaders(post);
    envoy.requestBody("a", false);
    envoy.requestBody("b", true);
    await envoy.settle();
    expect(envoy.answers).toEqual([{ requestHeaders: {} }, { requestBody: {} }, { requestBody: {} }]);
  });

  test("a long message nobody reads is let through without its bytes being gathered", async () => {
    const service = fakeService((_, next) => next());
    const taken = spyOn(service.reader, "takeBody");
    const envoy = new FakeEnvoy(service, { ...streamed, sendBodyWithoutWaitingForHeaderResponse: true });
    envoy.requestHeaders(post);
    await envoy.requestBodyInReads("abcdefghijklmnopqrstuvw", 16, () => envoy.settle());
    await envoy.settle();
    expect(envoy.answers).toEqual([{ requestHeaders: {} }, { requestBody: {} }]);
    expect(taken.mock.calls.map(([bytes]) => bytes.length)).toEqual([0]);
  });

  test("a body is read whole by taking chunks out and sending all with the last", async () => {
    const envoy = new FakeEnvoy(fakeService(whole), streamed);
    await sendRequest(envoy, ["ab", "cd", "ef"]);
    expect(envoy.answers).toMatchObject([
      { requestHeaders: { response: { headerMutation: { setHeaders: [{ header: { key: "x-before" } }] } } } },
      { requestBody: { response: { bodyMutation: { clearBody: true } } } },
      { requestBody: { response: { bodyMutation: { clearBody: true } } } },
      { requestBody: { response: { bodyMutation: { body: "[abcdef]" } } } },
    ]);
  });

  test("an announced length ends a body that trailers follow", async () => {
    const envoy = new FakeEnvoy(fakeService(whole), streamed);
    envoy.requestHeaders([...post, ["content-length", "4"]]);
    await envoy.settle();
    envoy.requestBody("ab", false);
    await envoy.settle();
    envoy.requestBody("cd", false);
    await envoy.settle();
    envoy.requestTrailers([["x-sum", "1"]]);
    await envoy.settle();
    expect(envoy.bodies.request).toBe("[abcd]");
    expect(envoy.answers.at(-1)).toEqual({ requestTrailers: {} });
  });

  test("an end nobody could foresee breaks the exchange, never the body, even if Envoy ignores failures", async () => {
    const service = fakeService(whole, { onError: "pass" });
    const envoy = new FakeEnvoy(service, streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody("ab", false);
    await envoy.settle();
    envoy.requestTrailers([["x-sum", "1"]]);
    await envoy.settle();
    expect(envoy.answers.at(-1)).toMatchObject({ immediateResponse: { status: { code: "InternalServerError" } } });
    expect(service.lines[0]?.fields).toMatchObject({ error: expect.stringContaining("request_body_mode: BUFFERED") });
  });

  test("gRPC messages are not read whole", async () => {
    const service = fakeService(whole);
    const envoy = new FakeEnvoy(service, streamed);
    envoy.requestHeaders([...get, ["content-type", "application/grpc+proto"]]);
    await envoy.settle();
    expect(service.lines[0]?.fields).toMatchObject({ error: expect.stringContaining("ends in trailers") });
    expect(envoy.answers).toMatchObject([{ immediateResponse: {} }]);
  });

  test("changing headers after reading names the mode that allows it", async () => {
    const service = fakeService(async ({ request }) => {
      await request.text();
      request.headers.set("x-late", "1");
    });
    const envoy = new FakeEnvoy(service, streamed);
    await sendRequest(envoy, ["ab"]);
    expect(service.lines[0]?.fields).toMatchObject({ error: expect.stringContaining("x-late") });
  });

  test("a failure while reading with pass gives back what was taken out", async () => {
    const service = fakeService(
      async ({ request }) => {
        await request.text();
        throw new Error("no");
      },
      { onError: "pass" },
    );
    const envoy = new FakeEnvoy(service, streamed);
    await sendRequest(envoy, ["ab", "cd"]);
    expect([envoy.bodies.request, envoy.status] as unknown[]).toEqual(["abcd", { code: 0 }]);
  });

  test("a body beyond the limit is given back too", async () => {
    const service = fakeService(whole, { onError: "pass", perRequestBodyBufferBytes: 3 });
    const envoy = new FakeEnvoy(service, streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody("ab", false);
    await envoy.settle();
    envoy.requestBody("cd", false);
    await envoy.settle();
    expect([envoy.bodies.request, envoy.status] as unknown[]).toEqual(["abcd", { code: 0 }]);
    expect(service.counters.get("processor_failures_total{test,BODY_TOO_LARGE}")?.value).toBe(1);
  });

  test("a stream transforms chunk by chunk and its rest goes with the last", async () => {
    const envoy = new FakeEnvoy(fakeService(transform), streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    envoy.requestBody("ab", false);
    await envoy.settle();
    await envoy.settle();
    expect(envoy.bodies.request).toBe("AB");
    envoy.requestBody("cd", false);
    await envoy.settle();
    await envoy.settle();
    expect(envoy.bodies.request).toBe("ABCD");
    envoy.requestBody("", true);
    await envoy.settle();
    await envoy.settle();
    expect(envoy.bodies.request).toBe("ABCD.");
  });

  test("a function that reads as it flows changes nothing", async () => {
    const seen: string[] = [];
    const envoy = new FakeEnvoy(fakeService(readInto(seen)), streamed);
    await sendRequest(envoy, ["ab", "cd", ""]);
    expect(seen).toEqual(["ab", "cd"]);
    expect(envoy.bodies.request).toBe("abcd");
    expect(envoy.answers).toEqual([
      { requestHeaders: {} },
      { requestBody: {} },
      { requestBody: {} },
      { requestBody: {} },
    ]);
  });

  test("a function reads a long message before its end; it is answered as one", async () => {
    const seen: string[] = [];
    const envoy = new FakeEnvoy(fakeService(readInto(seen)), streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    const seenBetween: string[] = [];
    await envoy.requestBodyInReads("abcdefghijklmnopqrstuvw", 12, async () => {
      await envoy.settle();
      seenBetween.push(seen.join("|"), `${envoy.answers.length} answer`);
    });
    await envoy.settle();
    expect(seenBetween).toEqual(["abcdefgh", "1 answer", "abcdefgh|ijklmnopqrst", "1 answer"]);
    expect(seen).toEqual(["abcdefgh", "ijklmnopqrst", "uvw"]);
    expect(envoy.answers).toEqual([{ requestHeaders: {} }, { requestBody: {} }]);
    expect(envoy.bodies.request).toBe("abcdefghijklmnopqrstuvw");
  });

  test("what a stream makes of a long message leaves with its answer", async () => {
    const envoy = new FakeEnvoy(fakeService(transform), streamed);
    envoy.requestHeaders(post);
    await envoy.settle();
    await envoy.requestBodyInReads("abcdefghijklmnopqrstuvw", 16, () => envoy.settle());
    for (let turns = 0; turns < 3; turns++) await envoy.settle();
    expect(envoy.answers).toHaveLength(2);
    expect(envoy.bodies.request).toBe("ABCDEFGHIJKLMNOPQRSTUVW.");
  });

  test("a function that stops reading within a long message lets it pass", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }, next) => {
        const reader = request.body?.getReader();
        await reader?.read();
        await reader?.cancel();
        await next();
      }),
      streamed,
    );
    envoy.requestHeaders(post);
    await envoy.settle();
    await envoy.requestBodyInReads("abcdefghijklmnopqrstuvw", 16, () => envoy.settle());
    await envoy.settle();
    expect(envoy.answers).toEqual([{ requestHeaders: {} }, { requestBody: {} }]);
  });

  test("what a function leaves unread goes on when it settles", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }) => {
        const reader = request.body?.getReader();
        await reader?.read();
      }),
      streamed,
    );
    await sendRequest(envoy, ["ab"]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("text in place of a chunked body goes with the headers, or with the first chunk where chunks come unasked", async () => {
    const replace: Middleware = async ({ request }, next) => {
      request.body = "new";
      await next();
    };
    const asked = new FakeEnvoy(fakeService(replace), streamed);
    asked.requestHeaders(post);
    expect((await asked.settle()).answers).toMatchObject([
      { requestHeaders: { response: { status: "CONTINUE_AND_REPLACE", bodyMutation: { body: "new" } } } },
    ]);
    const unasked = new FakeEnvoy(fakeService(replace), { ...streamed, sendBodyWithoutWaitingForHeaderResponse: true });
    unasked.requestHeaders(post);
    unasked.requestBody("a", false);
    unasked.requestBody("b", true);
    await unasked.settle();
    expect(unasked.bodies.request).toBe("new");
    expect(unasked.answers).toHaveLength(3);
  });

  test("a response is rewritten as it flows, the request untouched", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async (_, next) => {
        const response = await next();
        response.headers.set("x-rewritten", "1");
        response.body = response.body?.pipeThrough(upperCase()) ?? null;
      }),
      { responseBodyMode: "STREAMED" },
    );
    envoy.requestHeaders(get, true);
    await envoy.settle();
    envoy.responseHeaders(ok);
    await envoy.settle();
    envoy.responseBody("data: a\n\n", false);
    await envoy.settle();
    await envoy.settle();
    expect(envoy.bodies.response).toBe("DATA: A\n\n");
    envoy.responseBody("data: b\n\n", true);
    await envoy.settle();
    await envoy.settle();
    expect([envoy.bodies.response, envoy.status] as unknown[]).toEqual(["DATA: A\n\nDATA: B\n\n.", { code: 0 }]);
  });

  test("a gzip body is transformed decoded and encoded again", async () => {
    const envoy = new FakeEnvoy(fakeService(transform), streamed);
    const gzip = Buffer.from(Bun.gzipSync("hello")).toString("latin1");
    await sendRequest(envoy, [gzip.slice(0, 7), gzip.slice(7)], [...post, ["content-encoding", "gzip"]]);
    await envoy.until(() => envoy.answers.length === 3);
    expect(Buffer.from(Bun.gunzipSync(Buffer.from(envoy.bodies.request, "latin1"))).toString()).toBe("HELLO.");
  });
});

describe("FULL_DUPLEX_STREAMED", () => {
  test("what is not looked at is sent back as it comes, with one end", async () => {
    const envoy = new FakeEnvoy(
      fakeService((_, next) => next()),
      duplex,
    );
    await sendRequest(envoy, ["ab", "cd", ""]);
    expect([envoy.bodies.request, envoy.bodyEnded("request")] as unknown[]).toEqual(["abcd", true]);
    envoy.requestBody("", true); // envoy#46237
    await envoy.settle();
    envoy.responseHeaders(ok);
    envoy.responseBody("xy", true);
    await envoy.settle();
    expect([envoy.bodies.response, envoy.status] as unknown[]).toEqual(["xy", { code: 0 }]);
  });

  test("a body that ends in trailers gets no other end", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }, next) => {
        const trailers = await request.trailers;
        trailers?.set("x-sum", "2");
        await next();
      }),
      duplex,
    );
    envoy.requestHeaders(post);
    envoy.requestBody("ab", false);
    envoy.requestTrailers([["x-sum", "1"]]);
    await envoy.settle();
    expect([envoy.bodies.request, envoy.bodyEnded("request")] as unknown[]).toEqual(["ab", false]);
    expect(envoy.answers.at(-1)).toMatchObject({
      requestTrailers: { headerMutation: { setHeaders: [{ header: { key: "x-sum", rawValue: "2" } }] } },
    });
  });

  test("a whole body is held, and headers still change after it was read", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async ({ request }, next) => {
        const text = await request.text();
        request.headers.set("x-length", String(text.length));
        request.body = text.toUpperCase();
        await next();
      }),
      duplex,
    );
    await sendRequest(envoy, ["ab", "cd"]);
    expect(envoy.answers).toMatchObject([
      {
        requestHeaders: {
          response: { headerMutation: { setHeaders: [{ header: { key: "x-length", rawValue: "4" } }] } },
        },
      },
      { requestBody: { response: { bodyMutation: { streamedResponse: { body: "ABCD", endOfStream: true } } } } },
    ]);
  });

  test("a stream transforms as it flows", async () => {
    const envoy = new FakeEnvoy(fakeService(transform), duplex);
    await sendRequest(envoy, ["ab", "cd", ""]);
    await envoy.settle();
    expect([envoy.bodies.request, envoy.bodyEnded("request")] as unknown[]).toEqual(["ABCD.", true]);
  });

  test("a failure gives back what is held, and everything that follows", async () => {
    const failure = Promise.withResolvers<never>();
    const envoy = new FakeEnvoy(
      fakeService(
        async ({ request }) => {
          request.headers.set("x-half", "1");
          await failure.promise;
        },
        { onError: "pass" },
      ),
      duplex,
    );
    envoy.requestHeaders(post);
    envoy.requestBody("ab", false);
    failure.reject(new Error("no"));
    await envoy.settle();
    envoy.requestBody("cd", true);
    await envoy.settle();
    expect(envoy.answers[0]).toEqual({ requestHeaders: {} });
    expect([envoy.bodies.request, envoy.bodyEnded("request"), envoy.status] as unknown[]).toEqual(["abcd", true, null]);
    envoy.responseHeaders([[":status", "200"]], true);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("the stream stays open while a duplex response may be on its way", async () => {
    const envoy = new FakeEnvoy(
      fakeService(async (_exchange, next) => {
        void next();
        await Bun.sleep(1);
      }),
      { responseBodyMode: "FULL_DUPLEX_STREAMED" },
    );
    envoy.requestHeaders(post);
    await Bun.sleep(5);
    expect(envoy.status).toBeNull();
    envoy.responseHeaders([[":status", "200"]]);
    envoy.responseBody("ok", true);
    await envoy.settle();
    expect([envoy.bodies.response, envoy.bodyEnded("response"), envoy.status] as unknown[]).toEqual([
      "ok",
      true,
      { code: 0 },
    ]);
  });

  test("a duplex response without a request is sent back, not closed upon", async () => {
    const service = fakeService(() => {});
    const envoy = new FakeEnvoy(service, { responseBodyMode: "FULL_DUPLEX_STREAMED" });
    envoy.responseHeaders([[":status", "404"]]);
    envoy.responseBody("gone", true);
    await envoy.settle();
    expect([envoy.bodies.response, envoy.bodyEnded("response"), envoy.status] as unknown[]).toEqual([
      "gone",
      true,
      { code: 0 },
    ]);
    expect(service.counters.get("processor_exchanges_total{test,without_request}")?.value).toBe(1);
  });

  test("a large body is sent in pieces of at most 64 KiB", async () => {
    const envoy = new FakeEnvoy(
      fakeService(({ request }) => {
        request.body = "x".repeat(150_000);
      }),
      duplex,
    );
    await sendRequest(envoy, ["ab", ""]);
    expect(envoy.bodies.request).toHaveLength(150_000);
    expect(envoy.answers).toHaveLength(1 + 3 + 1);
    expect(envoy.bodyEnded("request")).toBe(true);
  });
});

describe("streamed responses", () => {
  test("a Response with a body that takes time goes out piece by piece", async () => {
    const envoy = new FakeEnvoy(
      fakeService(() => {
        const events = async function* () {
          for (const id of [1, 2]) {
            await Bun.sleep(5);
            yield Buffer.from(`id: ${id}\n\n`);
          }
        };
        return new Response(events(), { headers: { "content-type": "text/event-stream" } });
      }),
    );
    envoy.requestHeaders(get, true);
    await envoy.until(() => envoy.ended);
    expect(envoy.answers).toEqual([
      {
        streamedImmediateResponse: {
          headersResponse: {
            headers: {
              headers: [
                { key: ":status", rawValue: "200" },
                { key: "content-type", rawValue: "text/event-stream" },
              ],
            },
          },
        },
      },
      { streamedImmediateResponse: { bodyResponse: { body: "id: 1\n\n" } } },
      { streamedImmediateResponse: { bodyResponse: { body: "id: 2\n\n" } } },
      { streamedImmediateResponse: { bodyResponse: { endOfStream: true } } },
    ]);
    expect(envoy.status).toEqual({ code: 0 });
  });

  test("where Envoy cannot stream it is collected", async () => {
    const envoy = new FakeEnvoy(
      fakeService(() => {
        const text = async function* () {
          await Bun.sleep(5);
          yield Buffer.from("late");
        };
        return new Response(text());
      }),
      { requestBodyMode: "BUFFERED" },
    );
    envoy.requestHeaders(get, true);
    await envoy.until(() => envoy.ended);
    expect(envoy.answers).toMatchObject([{ immediateResponse: { body: "late" } }]);
  });
});

describe("observability mode", () => {
  test("functions see copies and answer nothing", async () => {
    const seen: unknown[] = [];
    const service = fakeService(async ({ request }, next) => {
      request.headers.set("x-in-vain", "1");
      seen.push(request.path, await request.text());
      const response = await next();
      seen.push(response.status, await response.text());
      return new Response("in vain");
    });
    const envoy = new FakeEnvoy(service, null);
    const observed = { observabilityMode: true };
    envoy.raw({ requestHeaders: { headers: headerMap(post) }, ...observed });
    envoy.raw({ requestBody: { body: Buffer.from("ab"), endOfStream: true }, ...observed });
    await envoy.settle();
    envoy.raw({ responseHeaders: { headers: headerMap(ok) }, ...observed });
    envoy.raw({ responseBody: { body: Buffer.from("cd"), endOfStream: true }, ...observed });
    await envoy.settle();
    expect(seen).toEqual(["/orders", "ab", 200, "cd"]);
    expect([envoy.answers, envoy.status] as unknown[]).toEqual([[], { code: 0 }]);
    expect(service.lines.map((line) => line.level)).toEqual(["warn"]);
  });
});

function headerMap(fields: Fields): object {
  return { headers: fields.map(([key, value]) => ({ key, rawValue: Buffer.from(value, "latin1") })) };
}

test("chunks that came unasked are not answered when the stream ends instead of an answer to the headers", async () => {
  const envoy = new FakeEnvoy(
    fakeService((_, next) => next()),
    {
      ...streamed,
      sendBodyWithoutWaitingForHeaderResponse: true,
    },
  );
  envoy.requestHeaders(get, true);
  await envoy.settle();
  envoy.responseHeaders(ok);
  envoy.responseBody("a", true);
  await envoy.settle();
  expect([envoy.answers, envoy.status] as unknown[]).toEqual([[{ requestHeaders: {} }], { code: 0 }]);
});

test("a look at deadlines before the first message does not settle the body modes", async () => {
  const service = fakeService(transform);
  const envoy = new FakeEnvoy(service, duplex);
  for (const session of service.sessions) session.checkDeadline(performance.now());
  await sendRequest(envoy, ["or", "ders"]);
  expect(envoy.bodies.request).toBe("ORDERS.");
});

test("a repeated end of a duplex body is ignored", async () => {
  const envoy = new FakeEnvoy(fakeService(transform), duplex);
  await sendRequest(envoy, ["or", "ders"]);
  envoy.requestBody("", true);
  await envoy.settle();
  expect([envoy.bodies.request, envoy.bodyEnded("request"), envoy.status]).toEqual(["ORDERS.", true, null]);
});

test("an empty chunk that is no end is answered like any other", async () => {
  const envoy = new FakeEnvoy(fakeService(transform), streamed);
  envoy.requestHeaders(post);
  await envoy.settle();
  for (const [chunk, ends] of [
    ["", false],
    ["orders", false],
    ["", false],
    ["", true],
  ] as const) {
    envoy.requestBody(chunk, ends);
    await envoy.settle();
  }
  expect([envoy.bodies.request, envoy.status]).toEqual(["ORDERS.", null]);
});
