/** What Digital Hub handlers may give back, and the options of their types, under a real Envoy. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { request } from "../support/client.ts";
import { clientValues, echoed, upstreamValues } from "../support/echo.ts";
import { headerValues } from "../support/http1.ts";
import { describeWithEnvoys } from "../support/rig.ts";

const buffered = { requestBody: "BUFFERED", responseBody: "BUFFERED" } as const;
const announcing = { updateExtProcHeader: true, updateDurationHeader: true };

describeWithEnvoys(
  "Digital Hub results and options",
  {
    processor: {
      function: { file: `${join(import.meta.dir, "functions", "digital-hub-options.ts")}:handler` },
      triggers: {
        pre: { type: "preprocessor", timeout: "4s", processingOptions: announcing },
        wrap: { type: "wrapprocessor", timeout: "4s" },
      },
    },
    listeners: {
      pre: { trigger: "pre", ...buffered },
      wrap: { trigger: "wrap", ...buffered },
      headersOnly: { trigger: "wrap" },
    },
  },
  (rig) => {
    test("a handler that gives back its event changes nothing, not even repeated lines", async () => {
      rig.upstream.answer("/echo", () => ({
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
          ["etag", '"1"'],
        ],
        body: "reply",
      }));
      const response = await request(rig.ports.wrap, {
        method: "POST",
        path: "/echo",
        headers: [
          ["cookie", "a=1"],
          ["x-twice", "1"],
          ["x-twice", "2"],
        ],
        body: "ask",
      });
      expect([
        response.status,
        response.text,
        clientValues(response, "set-cookie"),
        clientValues(response, "etag"),
      ]).toEqual([200, "reply", ["a=1", "b=2"], ['"1"']]);
      expect(clientValues(response, "processing-phase")).toEqual([]);
      const received = rig.upstream.requests.at(-1);
      expect([received?.body.toString(), headerValues(received?.headers ?? [], "x-twice")]).toEqual([
        "ask",
        ["1", "2"],
      ]);
    });

    test("a client cannot speak to the processor by X-Processing-Status", async () => {
      const headers: [string, string][] = [["x-processing-status", "403"]];
      const response = await request(rig.ports.wrap, { method: "POST", path: "/echo", headers, body: "ask" });
      expect(response.status).toBe(200);
    });

    test("a handler may call back later", async () => {
      const response = await request(rig.ports.pre, { method: "POST", path: "/callback", body: "ask" });
      expect(echoed(response).text).toBe("<ask>");
    });

    test("an object goes on as JSON", async () => {
      const response = await request(rig.ports.pre, { method: "POST", path: "/json", body: "ask" });
      expect([echoed(response).text, upstreamValues(response, "content-type")]).toEqual([
        '{"changed":true}',
        ["application/json"],
      ]);
    });

    test.each(["wrap", "headersOnly"] as const)(
      "a refusing status leaves nothing of the upstream's body (%s)",
      async (listener) => {
        rig.upstream.answer("/blocked", () => ({ headers: [], body: "secret" }));
        const response = await request(rig.ports[listener], { path: "/blocked" });
        expect([response.status, response.text]).toEqual([403, ""]);
      },
    );

    test("the response names the function and the time it took", async () => {
      const response = await request(rig.ports.pre, { method: "POST", path: "/callback", body: "ask" });
      const [name] = clientValues(response, "x-extproc-names");
      const [duration] = clientValues(response, "x-extproc-duration-ns");
      expect([name !== undefined && name.length > 0, Number(duration) > 1_000_000]).toEqual([true, true]);
    });
  },
);
