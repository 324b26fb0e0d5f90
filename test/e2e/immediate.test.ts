/** Answers of the function's own: the upstream never hears of the request. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openHttp2, request } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import { describeWithEnvoys } from "../support/rig.ts";

const accessLog = {
  name: "envoy.access_loggers.stdout",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
    log_format: { text_format_source: { inline_string: "ACCESS %REQ(:PATH)% %RESPONSE_CODE_DETAILS%\n" } },
  },
};

describeWithEnvoys(
  "immediate answers",
  {
    processor: { function: { file: join(import.meta.dir, "functions", "immediate.ts") } },
    listeners: {
      main: { connectionManager: { access_log: [accessLog] } },
    },
  },
  (rig) => {
    test("status, headers and body reach the client, and nothing the upstream", async () => {
      const before = rig.upstream.requests.length;
      const response = await request(rig.ports.main, { method: "POST", path: "/plain", body: "ignored" });
      expect([response.status, response.text, clientValues(response, "www-authenticate")]).toEqual([
        401,
        "go away",
        ["Bearer"],
      ]);
      expect(rig.upstream.requests.length).toBe(before);
    });

    test("several set-cookie lines and a location without a body", async () => {
      const response = await request(rig.ports.main, { path: "/cookies" });
      expect([response.status, clientValues(response, "set-cookie"), clientValues(response, "location")]).toEqual([
        302,
        ["a=1", "b=2"],
        ["/login"],
      ]);
      expect(response.body.length).toBe(0);
    });

    test("JSON carries its content type", async () => {
      const response = await request(rig.ports.main, { path: "/json" });
      expect([response.status, clientValues(response, "content-type")[0]?.split(";")[0], response.text]).toEqual([
        422,
        "application/json",
        '{"why":"because"}',
      ]);
    });

    test("200 is an answer like any other", async () => {
      const before = rig.upstream.requests.length;
      const response = await request(rig.ports.main, { path: "/ok" });
      expect([response.status, response.text, rig.upstream.requests.length]).toEqual([200, "served here", before]);
    });

    test("a large answer arrives whole", async () => {
      expect((await request(rig.ports.main, { path: "/large" })).body.length).toBe(1_000_000);
    });

    test("a streamed answer arrives whole", async () => {
      const response = await request(rig.ports.main, { path: "/streamed" });
      expect([response.status, response.text]).toEqual([200, "one two three"]);
    });

    test("details reach Envoy's access log", async () => {
      expect((await request(rig.ports.main, { path: "/details" })).status).toBe(403);
      for (let round = 0; round < 60 && !rig.envoy.lines.some((line) => line.includes("/details")); round++) {
        await Bun.sleep(50);
      }
      expect(rig.envoy.lines.find((line) => line.includes("/details"))).toBe("ACCESS /details not_for_you");
    }, 20_000);

    test("a Response after next() replaces the upstream's", async () => {
      rig.upstream.answer("/response", () => ({ headers: [["x-upstream", "yes"]], body: "original" }));
      const response = await request(rig.ports.main, { path: "/response" });
      expect([
        response.status,
        response.text,
        clientValues(response, "x-replaced"),
        clientValues(response, "x-upstream"),
      ]).toEqual([410, "replaced", ["yes"], []]);
    });

    test("returning what next() gave is returning nothing", async () => {
      rig.upstream.answer("/same-response", () => ({ body: "original" }));
      const response = await request(rig.ports.main, { path: "/same-response" });
      expect([response.status, response.text, clientValues(response, "x-same")]).toEqual([200, "original", ["yes"]]);
    });

    test("a gRPC client gets the grpc-status the function chose", async () => {
      await using client = await openHttp2(rig.ports.main);
      const response = await client.request({
        method: "POST",
        path: "/grpc",
        headers: [
          ["content-type", "application/grpc"],
          ["te", "trailers"],
        ],
      });
      expect([response.status, clientValues(response, "grpc-status")]).toEqual([200, ["7"]]);
    });
  },
);
