/** Functions that throw, reject late or never settle follow `onError`; Envoy never sees a failed stream. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { request } from "../support/client.ts";
import { clientValues, upstreamValues } from "../support/echo.ts";
import { describeWithEnvoys } from "../support/rig.ts";

const buffered = { requestBody: "BUFFERED", responseBody: "BUFFERED" } as const;
const timeout = "300ms";

const inRequest = ["/throws", "/rejects-late", "/never-settles", "/throws-after-body", "/throws-a-text"];
const inResponse = ["/response-throws", "/response-rejects-late", "/response-never-settles"];

describeWithEnvoys(
  "failing functions",
  {
    processor: {
      function: { file: join(import.meta.dir, "functions", "failing.ts") },
      triggers: {
        default: { timeout },
        status: { timeout, onError: 503 },
        pass: { timeout, onError: "pass" },
        fail: { timeout, onError: "fail" },
      },
    },
    listeners: {
      default: { trigger: "default" },
      status: { trigger: "status" },
      pass: { trigger: "pass" },
      fail: { trigger: "fail" },
      bufferedDefault: { trigger: "default", ...buffered },
      bufferedStatus: { trigger: "status", ...buffered },
      bufferedPass: { trigger: "pass", ...buffered },
    },
  },
  (rig) => {
    for (const path of [...inRequest, ...inResponse]) {
      for (const [listener, status] of [
        ["default", 500],
        ["status", 503],
        ["bufferedDefault", 500],
        ["bufferedStatus", 503],
      ] as const) {
        test(`${listener}: ${path} is answered with ${status}, and its reason stays here`, async () => {
          const response = await request(rig.ports[listener], { method: "POST", path, body: "body" });
          const leaked = response.text.includes("secret") || JSON.stringify(response.headers).includes("secret");
          expect([response.status, leaked]).toEqual([status, false]);
        });
      }

      for (const listener of ["pass", "bufferedPass"] as const) {
        test(`${listener}: ${path} lets the original go on`, async () => {
          const response = await request(rig.ports[listener], { method: "POST", path, body: "body" });
          const changedInRequest = upstreamValues(response, "x-function");
          // What was already sent on before the response failed stays sent.
          const expected = inRequest.includes(path) ? [] : ["changed"];
          expect([response.status, changedInRequest, clientValues(response, "x-function")]).toEqual([
            200,
            expected,
            [],
          ]);
        });
      }
    }

    test("fail ends the stream with an error and leaves the verdict to Envoy", async () => {
      rig.expectCounters({ streams_failed: 1 });
      const response = await request(rig.ports.fail, { path: "/throws" });
      expect([response.status, response.text.includes("secret")]).toEqual([500, false]);
    });

    test("the log names the function's file and line, and the metrics count the failure", async () => {
      await request(rig.ports.default, { path: "/throws" });
      const line = await rig.processor.waitForLine(/secret reason/);
      expect(line).toMatch(/failing\.ts:\d+/);
      expect(await rig.processor.metric("processor_failures_total", { trigger_id: "default" })).toBeGreaterThan(0);
    });

    test("what a function leaves unhandled is logged and harms no exchange", async () => {
      const response = await request(rig.ports.default, { path: "/unhandled" });
      await rig.processor.waitForLine(/nobody waits for this/);
      await rig.processor.waitForLine(/nor for this/);
      const next = await request(rig.ports.default, { path: "/" });
      expect([response.status, next.status]).toEqual([200, 200]);
    });
  },
);
