/** Attributes and metadata, exchanges that begin with the response, answers that overtake requests, clients that go. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openConnection, request } from "../support/client.ts";
import { clientValues, upstreamValues } from "../support/echo.ts";
import { encodeHead } from "../support/http1.ts";
import { describeWithEnvoys } from "../support/rig.ts";

const setMetadata = {
  name: "envoy.filters.http.set_metadata",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config",
    metadata: [
      { metadata_namespace: "forwarded.test", value: { who: "me" } },
      { metadata_namespace: "other.test", value: { who: "not forwarded" } },
    ],
  },
};

describeWithEnvoys(
  "exchanges",
  {
    processor: {
      function: { file: join(import.meta.dir, "functions", "exchanges.ts") },
      triggers: { main: { timeout: "4s" }, responses: { timeout: "4s", withoutRequest: "run" } },
    },
    listeners: {
      main: {
        trigger: "main",
        routes: [{ match: { prefix: "/denied" }, direct_response: { status: 418, body: { inline_string: "teapot" } } }],
        filter: {
          request_attributes: ["source.address", "request.path", "connection.id", "connection.mtls"],
          response_attributes: ["response.code"],
        },
      },
      metadata: {
        trigger: "main",
        filtersBefore: [setMetadata],
        routes: [
          {
            match: { prefix: "/metadata" },
            route: { cluster: "metadata-upstream" },
            request_headers_to_add: [{ header: { key: "x-tier", value: "%DYNAMIC_METADATA(function.test:tier)%" } }],
          },
        ],
        filter: {
          grpc_service: {
            envoy_grpc: { cluster_name: "metadata-processor" },
            initial_metadata: [{ key: "x-initial", value: "hello" }],
          },
          metadata_options: {
            forwarding_namespaces: { untyped: ["forwarded.test"] },
            receiving_namespaces: { untyped: ["function.test"] },
          },
        },
      },
      responses: {
        trigger: "responses",
        processingMode: { request_header_mode: "SKIP" },
        filter: { response_attributes: ["request.path", "request.method"] },
      },
      skipped: { trigger: "main", processingMode: { request_header_mode: "SKIP" } },
      requestsOnly: { trigger: "main", processingMode: { response_header_mode: "SKIP" } },
      brief: { trigger: "main", filter: { message_timeout: "0.1s" } },
    },
  },
  (rig) => {
    test("attributes of both directions have their types", async () => {
      const response = await request(rig.ports.main, { path: "/attributes?x=1" });
      const seen = JSON.parse(clientValues(response, "x-attributes")[0] ?? "{}") as Record<string, unknown>;
      const { address, ...rest } = seen;
      expect([String(address).startsWith("127.0.0.1:"), rest]).toEqual([
        true,
        { path: "/attributes?x=1", connection: "number", mtls: false, code: 200 },
      ]);
    });

    test("forwarded, initial and dynamic metadata travel both ways", async () => {
      const response = await request(rig.ports.metadata, { path: "/metadata" });
      expect([clientValues(response, "x-metadata"), upstreamValues(response, "x-tier")]).toEqual([
        ['["me",null,"hello"]'],
        ["gold"],
      ]);
    });

    test("a route's own answer passes, whether or not Envoy shows it here", async () => {
      const response = await request(rig.ports.main, { path: "/denied" });
      expect([response.status, response.text, clientValues(response, "x-seen")]).toEqual([418, "teapot", ["true"]]);
    });

    test("a request Envoy itself refuses keeps its status", async () => {
      using connection = await openConnection(rig.ports.main);
      connection.write("GET /#fragment HTTP/1.1\r\nhost: test.example\r\n\r\n");
      expect((await connection.response()).status).toBe(400);
    });

    test("OPTIONS * is answered as without a processor", async () => {
      const response = await request(rig.ports.main, { method: "OPTIONS", path: "*" });
      expect(response.status).toBe(404);
    });

    test("an exchange that begins with the response passes untouched and is counted", async () => {
      const response = await request(rig.ports.skipped, { path: "/both" });
      expect([response.status, clientValues(response, "x-seen")]).toEqual([200, []]);
      expect(await rig.processor.metric("processor_exchanges_total", { outcome: "without_request" })).toBeGreaterThan(
        0,
      );
    });

    test("withoutRequest run shows the function the response alone", async () => {
      const response = await request(rig.ports.responses, { path: "/whatever" });
      expect([response.status, clientValues(response, "x-seen")]).toEqual([200, ["false"]]);
    });

    test("a function that awaits a response Envoy never shows ends quietly", async () => {
      const response = await request(rig.ports.requestsOnly, { path: "/whatever" });
      expect([response.status, clientValues(response, "x-seen")]).toEqual([200, []]);
      expect(await rig.processor.metric("processor_exchanges_total", { outcome: "incomplete" })).toBeGreaterThan(0);
    });

    test("an upstream that answers before the request ended is heard", async () => {
      rig.upstream.converse("/early-answer", (_head, upstream) => {
        upstream.write(encodeHead("HTTP/1.1 200 OK", [["content-length", "5"]]));
        upstream.write("early");
      });
      using connection = await openConnection(rig.ports.main);
      connection.write("POST /early-answer HTTP/1.1\r\nhost: test.example\r\ncontent-length: 1000\r\n\r\npart");
      const response = await connection.response();
      expect([response.status, response.text, clientValues(response, "x-seen")]).toEqual([200, "early", ["true"]]);
    });

    test("many exchanges at a time on one connection to the processor do not mix", async () => {
      const paths = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? "/slow-request" : `/quick/${index}`));
      const responses = await Promise.all(paths.map((path) => request(rig.ports.main, { path })));
      const targets = responses.map((response) => (JSON.parse(response.text) as { target: string }).target);
      expect(targets).toEqual(paths);
      expect(await rig.envoy.stats("cluster.main-processor.upstream_cx_total")).toEqual({
        "cluster.main-processor.upstream_cx_total": 1,
      });
    });

    test("a client that leaves while the function works aborts the exchange's signal", async () => {
      const connection = await openConnection(rig.ports.main);
      connection.send({ path: "/signal-slow" });
      await Bun.sleep(150);
      connection.close();
      expect(await rig.processor.waitForLine(/the slow exchange was given up/, 3000)).toBeDefined();
    });

    test("an exchange that ends as it should does not abort its signal", async () => {
      const response = await request(rig.ports.main, { path: "/signal" });
      await Bun.sleep(100);
      expect([response.status, rig.processor.lines.some((line) => line.includes("the exchange was given up"))]).toEqual(
        [200, false],
      );
    });

    test("an upstream that is gone is Envoy's 503, and the function sees it as the response", async () => {
      rig.upstream.converse("/gone", (_head, upstream) => upstream.close());
      expect((await request(rig.ports.main, { path: "/gone" })).status).toBe(503);
    });

    test("when Envoy gives up first the log names message_timeout", async () => {
      rig.expectCounters({ message_timeouts: 1 });
      const response = await request(rig.ports.brief, { path: "/slow-request" });
      expect([response.status, (await rig.processor.waitForLine(/message_timeout/)).length > 0]).toEqual([504, true]);
    });
  },
);
