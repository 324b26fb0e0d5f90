/** Body modes in which bodies pass unseen, and the ways Envoy and processor connect. */
import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envoyVersions } from "../../scripts/fetch-envoy.ts";
import { readCertificate } from "../http2/certificates.ts";
import { openHttp2, request } from "../support/client.ts";
import { clientValues, echoed, upstreamValues } from "../support/echo.ts";
import { type ListenerOptions, startEnvoy } from "../support/envoy.ts";
import { startProcessor } from "../support/processor.ts";
import { describeWithEnvoys } from "../support/rig.ts";
import { startUpstream } from "../support/upstream.ts";

const functions = join(import.meta.dir, "functions");
const trailers = { request_trailer_mode: "SEND", response_trailer_mode: "SEND" };
const streamed = { requestBody: "STREAMED", responseBody: "STREAMED" } as const;
const partial = { requestBody: "BUFFERED_PARTIAL", responseBody: "BUFFERED_PARTIAL" } as const;
const sha256 = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

describeWithEnvoys(
  "streamed bodies",
  {
    processor: {
      function: { file: join(functions, "headers.ts") },
      triggers: { main: { timeout: "4s" } },
    },
    listeners: {
      streamed,
      streamedWithTrailers: { ...streamed, processingMode: trailers },
      eager: { ...streamed, filter: { send_body_without_waiting_for_header_response: true } },
      duplex: { requestBody: "FULL_DUPLEX_STREAMED", responseBody: "FULL_DUPLEX_STREAMED", processingMode: trailers },
      observed: { ...streamed, filter: { observability_mode: true, deferred_close_timeout: "1s" } },
    },
  },
  (rig) => {
    for (const mode of ["streamed", "streamedWithTrailers", "eager", "duplex"] as const) {
      for (const path of ["/both", "/request-only"]) {
        test(`${mode}: a body of 1 MiB passes ${path} byte for byte, in both directions`, async () => {
          rig.upstream.answer(path, (received) => ({ headers: [["x-seen", "yes"]], body: received.body }));
          const body = crypto.getRandomValues(new Uint8Array(65_536));
          const large = Buffer.concat(Array.from({ length: 16 }, () => body));
          const sent = { method: "POST", path, body: large };
          await using http2 = await openHttp2(rig.ports[mode]);
          for (const response of [
            await request(rig.ports[mode], sent),
            await request(rig.ports[mode], { ...sent, chunked: true }),
            await http2.request(sent),
          ]) {
            const received = rig.upstream.requests.at(-1);
            expect([
              response.status,
              sha256(received?.body ?? Buffer.alloc(0)),
              sha256(response.body),
              received?.headers.some(([name]) => name === "x-function"),
              clientValues(response, "x-function"),
            ]).toEqual([200, sha256(large), sha256(large), true, path === "/both" ? ["response"] : []]);
          }
        });
      }

      test(`${mode}: a message without a body passes`, async () => {
        const response = await request(rig.ports[mode], { path: "/untouched" });
        expect([response.status, echoed(response).length]).toEqual([200, 0]);
      });
    }

    test("observability mode changes nothing and fails nothing", async () => {
      const response = await request(rig.ports.observed, { method: "POST", path: "/append", body: "observed" });
      expect([response.status, echoed(response).text, upstreamValues(response, "x-list")]).toEqual([
        200,
        "observed",
        [],
      ]);
    });
  },
);

describeWithEnvoys(
  "partly buffered bodies and Envoy's defaults",
  {
    processor: {
      function: { file: join(functions, "bodies.ts") },
      triggers: { main: {}, pass: { onError: "pass" } },
    },
    listeners: {
      partial: { trigger: "main", ...partial, bufferLimitBytes: 65_536 },
      partialPass: { trigger: "pass", ...partial, bufferLimitBytes: 65_536 },
      defaults: { trigger: "main", filter: { message_timeout: "0.2s", allow_mode_override: false } },
    },
  },
  (rig) => {
    test("a body within Envoy's limit is replaced", async () => {
      rig.upstream.answer("/json", (received) => ({ body: received.body }));
      const response = await request(rig.ports.partial, { method: "POST", path: "/json", body: '{"n":1}' });
      expect([response.status, response.text]).toEqual([200, '{"n":3}']);
    });

    test("a longer one is incomplete: a failure that follows the policy", async () => {
      const sent = { method: "POST", path: "/request-body", body: "b".repeat(1_000_000) };
      const refused = await request(rig.ports.partial, sent);
      const passed = await request(rig.ports.partialPass, sent);
      expect([refused.status, passed.status, echoed(passed).length]).toEqual([500, 200, 1_000_000]);
    });

    test("headers work with Envoy's default timeout and without mode override", async () => {
      const response = await request(rig.ports.defaults, { method: "POST", path: "/other", body: "body" });
      expect([response.status, echoed(response).text]).toEqual([200, "body"]);
    });
  },
);

for (const version of envoyVersions) {
  describe(`connections, Envoy ${version}`, () => {
    const expectWorks = async (
      listener: Omit<ListenerOptions, "processors">,
      processors: ListenerOptions["processors"],
      concurrency = 1,
    ): Promise<void> => {
      await using upstream = startUpstream();
      await using envoy = await startEnvoy({
        version,
        upstreamPort: upstream.port,
        listeners: { main: { ...listener, processors } },
        concurrency,
      });
      const responses = await Promise.all(
        Array.from({ length: 50 }, () => request(envoy.ports.main, { path: "/both" })),
      );
      const seen = responses.map((response) => [response.status, clientValues(response, "x-function")[0]].join());
      expect([...new Set(seen)]).toEqual(["200,response"]);
      expect(await envoy.counters()).toMatchObject({ streams_failed: 0, spurious_msgs_received: 0 });
    };
    const file = join(functions, "headers.ts");

    test("two workers share the port of one processor", async () => {
      await using processor = await startProcessor({ function: { file }, numWorkers: 2 });
      await expectWorks({}, [processor.port], 2);
      expect(await processor.metric("processor_http2_connections_total")).toBe(2);
    });

    test("over a unix socket", async () => {
      const directory = await mkdtemp(join(tmpdir(), "socket-"));
      const path = join(directory, "processor.sock");
      await using processor = await startProcessor({ function: { file }, triggers: { main: { socket: { path } } } });
      expect((await stat(path)).mode & 0o777).toBe(0o660);
      await expectWorks({}, [path]);
      expect(await processor.stop()).toBe(0);
      await rm(directory, { recursive: true });
    });

    test("over mutual TLS", async () => {
      const ours = await readCertificate("localhost");
      const client = await readCertificate("client");
      const tls = { cert: ours.certFile, key: ours.keyFile, clientCa: client.certFile };
      await using processor = await startProcessor({ function: { file }, triggers: { main: { tls } } });
      const transport_socket = {
        name: "envoy.transport_sockets.tls",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
          sni: "localhost",
          common_tls_context: {
            tls_certificates: [
              { certificate_chain: { filename: client.certFile }, private_key: { filename: client.keyFile } },
            ],
            validation_context: { trusted_ca: { filename: ours.certFile } },
          },
        },
      };
      await expectWorks({ cluster: { transport_socket } }, [processor.port]);
    });
  });
}
