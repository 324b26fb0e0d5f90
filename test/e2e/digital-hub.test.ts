/** The Digital Hub types keep what they promise, also where the processor they come from does not. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { type ClientRequest, openHttp2, request } from "../support/client.ts";
import { clientValues, echoed, upstreamValues } from "../support/echo.ts";
import { describeWithEnvoys } from "../support/rig.ts";

const buffered = { requestBody: "BUFFERED", responseBody: "BUFFERED", bufferLimitBytes: 4_194_304 } as const;
const timeout = "500ms";

describeWithEnvoys(
  "Digital Hub types",
  {
    processor: {
      function: { file: `${join(import.meta.dir, "functions", "digital-hub.ts")}:handler` },
      triggers: {
        pre: { type: "preprocessor", timeout, processingOptions: { logStream: true } },
        post: { type: "postprocessor", timeout },
        wrap: { type: "wrapprocessor", timeout },
        observe: { type: "observeprocessor" },
        small: { type: "preprocessor", timeout, processingOptions: { perRequestBodyBufferBytes: 1000 } },
      },
    },
    listeners: {
      pre: { trigger: "pre", ...buffered },
      post: { trigger: "post", ...buffered },
      wrap: { trigger: "wrap", ...buffered },
      observe: { trigger: "observe", ...buffered },
      small: { trigger: "small", ...buffered },
      headersOnly: { trigger: "wrap" },
      responsesOnly: { trigger: "wrap", ...buffered, processingMode: { request_header_mode: "SKIP" } },
    },
  },
  (rig) => {
    /** Phases in which the handler was called for requests marked with `call`. */
    const callsOf = async (call: string): Promise<string[]> =>
      JSON.parse(echoed(await request(rig.ports.pre, { method: "POST", path: `/calls?of=${call}` })).text) as string[];

    test("a handler's body goes on, with its headers and content type", async () => {
      const sent: ClientRequest = { method: "POST", path: "/response", body: "abc" };
      const response = await request(rig.ports.pre, sent);
      expect([
        echoed(response).text,
        upstreamValues(response, "x-handler"),
        upstreamValues(response, "content-type"),
        upstreamValues(response, "content-length"),
      ]).toEqual(["<abc>", ["yes"], ["text/x-test"], ["5"]]);
      rig.upstream.answer("/response", () => ({ headers: [["content-type", "text/plain"]], body: "xyz" }));
      const wrapped = await request(rig.ports.wrap, sent);
      expect([wrapped.text, clientValues(wrapped, "x-handler"), clientValues(wrapped, "content-type")]).toEqual([
        "<xyz>",
        ["yes"],
        ["text/x-test"],
      ]);
      expect(rig.upstream.requests.at(-1)?.body.toString()).toBe("<abc>");
    });

    test("a handler that throws lets the original pass, is counted and logged, and the process lives on", async () => {
      for (const listener of ["pre", "post", "wrap", "observe"] as const) {
        const response = await request(rig.ports[listener], { method: "POST", path: "/throws", body: "original" });
        expect([listener, response.status, echoed(response).text]).toEqual([listener, 200, "original"]);
      }
      expect(await rig.processor.waitForLine(/secret reason/)).toMatch(/digital-hub\.ts/);
      expect(
        await rig.processor.metric("nuclio_processor_handled_events_total", { result: "failure" }),
      ).toBeGreaterThan(0);
    });

    test("a handler without a result changes nothing and delays nothing", async () => {
      for (const listener of ["pre", "post", "wrap", "observe"] as const) {
        const response = await request(rig.ports[listener], { method: "POST", path: "/nothing", body: "original" });
        expect([listener, response.status, echoed(response).text]).toEqual([listener, 200, "original"]);
      }
    });

    test("a handler that never returns lets the original pass when its time is up", async () => {
      const started = performance.now();
      const response = await request(rig.ports.pre, { method: "POST", path: "/never", body: "original" });
      expect([response.status, echoed(response).text, performance.now() - started < 2000]).toEqual([
        200,
        "original",
        true,
      ]);
    });

    test("X-Processing-Status in any case answers at once, with 200 as well, and does not leave", async () => {
      for (const [path, status, body] of [
        ["/answer-200", 200, "here"],
        ["/answer-403", 403, "no"],
        ["/status-202", 202, "accepted"],
      ] as const) {
        for (const listener of ["pre", "wrap"] as const) {
          const before = rig.upstream.requests.length;
          const response = await request(rig.ports[listener], { path });
          expect([
            response.status,
            response.text,
            clientValues(response, "x-processing-status"),
            rig.upstream.requests.length,
          ]).toEqual([status, body, [], before]);
        }
      }
    });

    test("a postprocessor's status becomes the client's", async () => {
      const accepted = await request(rig.ports.post, { path: "/status-202" });
      const refused = await request(rig.ports.post, { path: "/answer-403" });
      expect([accepted.status, accepted.text, refused.status, refused.text]).toEqual([202, "accepted", 403, "no"]);
    });

    test("an empty result empties the body", async () => {
      const response = await request(rig.ports.pre, { method: "POST", path: "/empty", body: "something" });
      expect([response.status, echoed(response).length]).toEqual([200, 0]);
    });

    test("the handler is called once a direction, however the body is framed", async () => {
      const headers = (call: string): [string, string][] => [["x-call", call]];
      const whole = "b".repeat(200_000);
      await request(rig.ports.wrap, { method: "POST", path: "/nothing", headers: headers("length"), body: whole });
      await request(rig.ports.wrap, {
        method: "POST",
        path: "/nothing",
        headers: headers("chunked"),
        body: whole,
        chunked: true,
      });
      await using client = await openHttp2(rig.ports.wrap);
      await client.request({ method: "POST", path: "/nothing", headers: headers("http2"), body: whole });
      await request(rig.ports.wrap, { path: "/nothing", headers: headers("none") });
      expect([
        await callsOf("length"),
        await callsOf("chunked"),
        await callsOf("http2"),
        await callsOf("none"),
      ]).toEqual([["2"], ["2"], ["2"], ["1"]]);
    });

    test("without bodies the handler is called with the headers, phases 1 and 4", async () => {
      const response = await request(rig.ports.headersOnly, { method: "POST", path: "/event", body: "unseen" });
      const seen = JSON.parse(response.text) as { phase?: string };
      expect([response.status, seen.phase]).toEqual([200, "4"]);
    });

    test("an event carries the request as it came", async () => {
      const response = await request(rig.ports.pre, {
        method: "POST",
        path: "/event?a=1&b=2?c=3&d=x%20y",
        headers: [
          ["Content-Type", "application/json"],
          ["X-Custom", "text"],
        ],
        body: '{"k":1}',
      });
      const { id, ...event } = JSON.parse(echoed(response).text) as { id: string };
      expect([id.length > 0, event]).toEqual([
        true,
        {
          body: '{"k":1}',
          content_type: "application/json",
          custom: "text",
          fields: { a: "1", b: "2?c=3", d: "x y" },
          method: "POST",
          path: "/event",
          phase: "2",
          trigger: "extproc",
        },
      ]);
      expect(echoed(response).target).toBe("/event?a=1&b=2?c=3&d=x%20y");
    });

    test("every event has an id of its own", async () => {
      const ids = new Set<string>();
      for (let round = 0; round < 5; round++) {
        const response = await request(rig.ports.pre, { method: "POST", path: "/event", body: "x" });
        ids.add((JSON.parse(echoed(response).text) as { id: string }).id);
      }
      expect(ids.size).toBe(5);
    });

    test("a gzip body is decoded for the handler and what goes on fits its headers", async () => {
      const response = await request(rig.ports.pre, {
        method: "POST",
        path: "/plain",
        headers: [["content-encoding", "gzip"]],
        body: gzipSync("zipped"),
      });
      const received = rig.upstream.requests.at(-1);
      const body = received?.body ?? Buffer.alloc(0);
      const coding = upstreamValues(response, "content-encoding")[0];
      expect((coding === "gzip" ? gunzipSync(body) : body).toString()).toBe("<zipped>");
    });

    test("an unchanged gzip body passes as it came", async () => {
      const body = gzipSync("zipped");
      await request(rig.ports.pre, { method: "POST", path: "/nothing", headers: [["content-encoding", "gzip"]], body });
      expect(rig.upstream.requests.at(-1)?.body.equals(body)).toBe(true);
    });

    test("a body beyond the limit passes unseen and is logged", async () => {
      const response = await request(rig.ports.small, { method: "POST", path: "/plain", body: "x".repeat(1001) });
      expect([response.status, echoed(response).length]).toEqual([200, 1001]);
      expect(await rig.processor.waitForLine(/perRequestBodyBufferBytes/)).toContain("1000");
      const fits = await request(rig.ports.small, { method: "POST", path: "/plain", body: "fits" });
      expect(echoed(fits).text).toBe("<fits>");
    });

    test("several set-cookie lines survive a changed response", async () => {
      rig.upstream.answer("/plain", () => ({
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
        body: "xyz",
      }));
      const response = await request(rig.ports.post, { path: "/plain" });
      expect([response.text, clientValues(response, "set-cookie")]).toEqual(["<xyz>", ["a=1", "b=2"]]);
    });

    test("a partial processingOptions block keeps the other defaults", async () => {
      // The trigger `pre` names logStream alone: request id and decompression still work, and one line tells of it.
      const headers: [string, string][] = [
        ["x-request-id", "partial-block"],
        ["content-encoding", "gzip"],
      ];
      await request(rig.ports.pre, { method: "POST", path: "/plain", headers, body: gzipSync("zipped") });
      expect(await rig.processor.waitForLine(/partial-block/)).toBeDefined();
    });

    test("an observer sees both directions, changes nothing and delays nothing", async () => {
      const headers: [string, string][] = [["x-call", "observed"]];
      const started = performance.now();
      const response = await request(rig.ports.observe, { method: "POST", path: "/slow", headers, body: "x" });
      const elapsed = performance.now() - started;
      expect([response.status, echoed(response).text, elapsed < 500]).toEqual([200, "x", true]);
      await Bun.sleep(100);
      // The response carries no x-call header of its own.
      expect(await callsOf("observed")).toEqual(["2"]);
    });

    test("an exchange without request headers is no crash, and its response is processed", async () => {
      rig.upstream.answer("/plain", () => ({ body: "xyz" }));
      const response = await request(rig.ports.responsesOnly, { path: "/plain" });
      expect(response.status).toBe(200);
      expect((await request(rig.ports.pre, { path: "/nothing" })).status).toBe(200);
    });
  },
);
