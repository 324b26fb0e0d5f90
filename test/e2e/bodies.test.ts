/** Whole bodies: buffered by Envoy, or asked for only when the function reads them. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { openHttp2, request } from "../support/client.ts";
import { clientValues, echoed, upstreamValues } from "../support/echo.ts";
import { describeWithEnvoys } from "../support/rig.ts";

const MiB = 1_048_576;
const bufferLimitBytes = 16 * MiB;
const buffered = { requestBody: "BUFFERED", responseBody: "BUFFERED", bufferLimitBytes } as const;

describeWithEnvoys(
  "bodies",
  {
    processor: {
      function: { file: join(import.meta.dir, "functions", "bodies.ts") },
      triggers: {
        main: { timeout: "4s", perRequestBodyBufferBytes: 9 * MiB },
        small: { perRequestBodyBufferBytes: 1000 },
      },
    },
    listeners: {
      buffered,
      onDemand: { bufferLimitBytes },
      noOverride: { filter: { allow_mode_override: false } },
      small: { ...buffered, trigger: "small" },
      trailers: {
        ...buffered,
        processingMode: { request_trailer_mode: "SEND", response_trailer_mode: "SEND" },
        connectionManager: { http_protocol_options: { enable_trailers: true } },
      },
    },
  },
  (rig) => {
    for (const mode of ["buffered", "onDemand"] as const) {
      for (const length of [1, 65_536, MiB, 8 * MiB]) {
        test(`${mode}: a body of ${length} bytes is replaced by one of another length, in both directions`, async () => {
          rig.upstream.answer("/replace", (received) => ({
            headers: [["x-upstream-length", String(received.body.length)]],
            body: received.body,
          }));
          const response = await request(rig.ports[mode], {
            method: "POST",
            path: "/replace",
            body: "b".repeat(length),
          });
          const grown = length + 1000;
          expect([
            response.status,
            clientValues(response, "x-upstream-length"),
            clientValues(response, "x-length"),
            clientValues(response, "content-length"),
            response.body.length,
          ]).toEqual([200, [String(grown)], [String(grown)], [String(Math.floor(grown / 2))], Math.floor(grown / 2)]);
          expect(rig.upstream.requests.at(-1)?.headers).toContainEqual(["x-length", String(length)]);
        });
      }

      test(`${mode}: a body that was only read passes byte for byte`, async () => {
        const body = crypto.getRandomValues(new Uint8Array(60_000));
        rig.upstream.answer("/read-only", (received) => ({ body: received.body }));
        const response = await request(rig.ports[mode], { method: "POST", path: "/read-only", body });
        const hash = new Bun.CryptoHasher("sha256").update(body).digest("hex");
        expect(clientValues(response, "x-sha256")).toEqual([`${hash} ${hash}`]);
        expect(Buffer.compare(response.body, body)).toBe(0);
      });

      test(`${mode}: reading twice gives the same`, async () => {
        const response = await request(rig.ports[mode], { method: "POST", path: "/read-twice", body: "abc" });
        expect([clientValues(response, "x-same"), echoed(response).text]).toEqual([["true"], "abc"]);
      });

      test(`${mode}: a chunked body is read and replaced`, async () => {
        rig.upstream.answer("/json", (received) => ({ body: received.body }));
        const sent = { method: "POST", path: "/json", body: '{"n":1}', chunked: true };
        const response = await request(rig.ports[mode], sent);
        expect([response.status, response.text]).toEqual([200, '{"n":3}']);
        expect(rig.upstream.requests.at(-1)?.body.toString()).toBe('{"n":2}');
      });

      test(`${mode}: an HTTP/2 body is read and replaced`, async () => {
        await using client = await openHttp2(rig.ports[mode]);
        rig.upstream.answer("/json", (received) => ({ body: received.body }));
        const response = await client.request({ method: "POST", path: "/json", body: '{"n":1}' });
        expect([response.status, response.text]).toEqual([200, '{"n":3}']);
      });

      test(`${mode}: a message without a body resolves empty`, async () => {
        rig.upstream.answer("/read-only", () => ({ status: 204 }));
        const response = await request(rig.ports[mode], { path: "/read-only" });
        const empty = new Bun.CryptoHasher("sha256").digest("hex");
        expect([response.status, clientValues(response, "x-sha256")]).toEqual([204, [`${empty} ${empty}`]]);
      });

      test(`${mode}: null empties a body`, async () => {
        rig.upstream.answer("/empty", (received) => ({ body: `received ${received.body.length}` }));
        const response = await request(rig.ports[mode], { method: "POST", path: "/empty", body: "something" });
        expect([response.status, response.body.length, rig.upstream.requests.at(-1)?.body.length]).toEqual([200, 0, 0]);
      });

      test(`${mode}: a body assigned without reading replaces what comes`, async () => {
        rig.upstream.answer("/replace-unread", (received) => ({ body: received.body }));
        const response = await request(rig.ports[mode], { method: "POST", path: "/replace-unread", body: "stale" });
        expect([response.text, rig.upstream.requests.at(-1)?.body.toString()]).toEqual([
          "fresh response",
          "fresh request",
        ]);
      });

      test(`${mode}: a body assigned to a request without one is added`, async () => {
        rig.upstream.answer("/replace-unread", (received) => ({ body: received.body }));
        const response = await request(rig.ports[mode], { method: "POST", path: "/replace-unread" });
        expect([response.text, rig.upstream.requests.at(-1)?.body.toString()]).toEqual([
          "fresh response",
          "fresh request",
        ]);
      });

      test(`${mode}: headers and status change after the response's body was read`, async () => {
        rig.upstream.answer("/response-body", () => ({ body: "12345" }));
        const response = await request(rig.ports[mode], { path: "/response-body" });
        expect([response.status, clientValues(response, "x-length"), response.text]).toEqual([203, ["5"], "12345"]);
      });

      test(`${mode}: a function may answer after it read the request's body`, async () => {
        const response = await request(rig.ports[mode], { method: "POST", path: "/answer-after-body", body: "12345" });
        expect([response.status, response.text]).toEqual([202, "got 5"]);
      });

      test(`${mode}: a function may replace the response after it read its body`, async () => {
        rig.upstream.answer("/answer-after-response-body", () => ({ body: "1234567" }));
        const response = await request(rig.ports[mode], { path: "/answer-after-response-body" });
        expect([response.status, clientValues(response, "x-instead"), response.text]).toEqual([
          409,
          ["yes"],
          "instead of 7",
        ]);
      });

      test(`${mode}: a gzip body is read decoded, and what replaces it fits its headers`, async () => {
        rig.upstream.answer("/json", (received) => ({
          headers: received.headers.filter(([name]) => name === "content-encoding"),
          body: received.body,
        }));
        const response = await request(rig.ports[mode], {
          method: "POST",
          path: "/json",
          headers: [["content-encoding", "gzip"]],
          body: gzipSync('{"n":1}'),
        });
        const received = rig.upstream.requests.at(-1);
        const decode = (body: Buffer, coding: string | undefined): string =>
          (coding === "gzip" ? gunzipSync(body) : body).toString();
        const coding = received?.headers.find(([name]) => name === "content-encoding")?.[1];
        expect([
          decode(received?.body ?? Buffer.alloc(0), coding),
          decode(response.body, clientValues(response, "content-encoding")[0]),
        ]).toEqual(['{"n":2}', '{"n":3}']);
      });
    }

    test("on demand a body nobody reads is not sent here", async () => {
      const response = await request(rig.ports.onDemand, { method: "POST", path: "/request-body", body: "12345" });
      expect([upstreamValues(response, "x-length"), echoed(response).text]).toEqual([["5"], "12345"]);
      const counters = await rig.countersSince();
      expect(counters["stream_msgs_sent"]).toBe(2);
    });

    test("without allow_mode_override reading a body fails by the policy and the log names the setting", async () => {
      const response = await request(rig.ports.noOverride, { method: "POST", path: "/request-body", body: "12345" });
      expect([response.status, response.text.includes("allow_mode_override")]).toEqual([500, false]);
      expect(await rig.processor.waitForLine(/did not send the request body/)).toContain("allow_mode_override");
      expect(await rig.processor.metric("processor_failures_total", { reason: "BODY_NOT_SENT" })).toBe(1);
    });

    test("a body beyond the limit fails by the policy", async () => {
      const response = await request(rig.ports.small, {
        method: "POST",
        path: "/request-body",
        body: "x".repeat(1001),
      });
      expect(response.status).toBe(500);
      expect(await rig.processor.waitForLine(/perRequestBodyBufferBytes/)).toContain("1000");
      const next = await request(rig.ports.small, { method: "POST", path: "/request-body", body: "x".repeat(1000) });
      expect([next.status, upstreamValues(next, "x-length")]).toEqual([200, ["1000"]]);
    });

    test("a buffered body that ends in trailers is replaced and the trailers pass", async () => {
      rig.upstream.answer("/json", (received) => ({ body: received.body, trailers: [["x-checksum", "7"]] }));
      const response = await request(rig.ports.trailers, {
        method: "POST",
        path: "/json",
        headers: [["te", "trailers"]],
        body: '{"n":1}',
        chunked: true,
      });
      expect([response.status, response.text, response.trailers]).toEqual([200, '{"n":3}', [["x-checksum", "7"]]]);
    });
  },
);
