/** Traffic that is no plain request and response: WebSocket and gRPC pass a function that reads headers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { envoyVersions } from "../../scripts/fetch-envoy.ts";
import { openConnection } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import { type Envoy, startEnvoy } from "../support/envoy.ts";
import { encodeHead } from "../support/http1.ts";
import { startProcessor } from "../support/processor.ts";
import { startUpstream } from "../support/upstream.ts";

const functionFile = join(import.meta.dir, "functions", "headers.ts");
const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: bytes.serialize,
  requestDeserialize: bytes.deserialize,
  responseSerialize: bytes.serialize,
  responseDeserialize: bytes.deserialize,
});
/** The paths are those of the function's behaviours. */
const echoService = { unary: method("/both", false, false), chat: method("/untouched", true, true) };

async function startGrpcUpstream(): Promise<{ port: number; server: grpc.Server }> {
  const server = new grpc.Server();
  server.addService(echoService, {
    unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
      const trailers = new grpc.Metadata();
      trailers.set("x-from-function", call.metadata.get("x-function").join());
      callback(null, call.request, trailers);
    },
    chat: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      call.on("data", (message: Buffer) => call.write(Buffer.concat([Buffer.from("echo "), message])));
      call.on("end", () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, found) =>
      error === null ? resolve(found) : reject(error),
    ),
  );
  return { port, server };
}

for (const version of envoyVersions) {
  describe(`upgrades and gRPC, Envoy ${version}`, () => {
    const stack = new AsyncDisposableStack();
    let envoy: Envoy<"grpc" | "buffered" | "streamed" | "duplex"> | undefined;
    let webSockets: Envoy<"main"> | undefined;
    let client: grpc.Client | undefined;
    let bufferedClient: grpc.Client | undefined;

    beforeAll(async () => {
      const upstream = stack.use(startUpstream());
      upstream.converse("/both", (_head, connection) => {
        connection.write(
          encodeHead("HTTP/1.1 101 Switching Protocols", [
            ["connection", "upgrade"],
            ["upgrade", "websocket"],
          ]),
        );
        connection.onTunnel((received) => connection.write(Buffer.concat([Buffer.from("echo "), received])));
      });
      const grpcUpstream = await startGrpcUpstream();
      stack.defer(() => grpcUpstream.server.forceShutdown());
      const processor = stack.use(await startProcessor({ function: { file: functionFile } }));
      const processors = [processor.port];
      webSockets = stack.use(
        await startEnvoy({
          version,
          upstreamPort: upstream.port,
          listeners: { main: { processors, connectionManager: { upgrade_configs: [{ upgrade_type: "websocket" }] } } },
        }),
      );
      const trailers = { request_trailer_mode: "SEND", response_trailer_mode: "SEND" };
      envoy = stack.use(
        await startEnvoy({
          version,
          upstreamPort: grpcUpstream.port,
          listeners: {
            grpc: { processors, upstreamHttp2: true },
            streamed: {
              processors,
              upstreamHttp2: true,
              requestBody: "STREAMED",
              responseBody: "STREAMED",
              processingMode: trailers,
            },
            duplex: {
              processors,
              upstreamHttp2: true,
              requestBody: "FULL_DUPLEX_STREAMED",
              responseBody: "FULL_DUPLEX_STREAMED",
              processingMode: trailers,
            },
            buffered: {
              processors,
              upstreamHttp2: true,
              requestBody: "BUFFERED",
              responseBody: "BUFFERED",
              processingMode: trailers,
            },
          },
        }),
      );
      client = new grpc.Client(`127.0.0.1:${envoy.ports.grpc}`, grpc.credentials.createInsecure());
      bufferedClient = new grpc.Client(`127.0.0.1:${envoy.ports.buffered}`, grpc.credentials.createInsecure());
      stack.defer(() => client?.close());
      stack.defer(() => bufferedClient?.close());
    }, 120_000);
    afterAll(() => stack.disposeAsync());

    test("a WebSocket upgrade passes and both sides talk", async () => {
      using connection = await openConnection(webSockets?.ports.main ?? 0);
      connection.send({
        path: "/both",
        headers: [
          ["connection", "Upgrade"],
          ["upgrade", "websocket"],
        ],
      });
      const response = await connection.response();
      connection.write("frame one");
      const first = (await connection.tunnel()).toString();
      connection.write("frame two");
      const second = (await connection.tunnel()).toString();
      expect([response.status, clientValues(response, "x-function"), first, second]).toEqual([
        101,
        ["response"],
        "echo frame one",
        "echo frame two",
      ]);
      expect(await webSockets?.counters()).toMatchObject({ streams_failed: 0, spurious_msgs_received: 0 });
    });

    for (const kind of ["grpc", "buffered"] as const) {
      test(`a unary gRPC call passes with its trailers (${kind})`, async () => {
        const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
        const { serialize, deserialize } = bytes;
        const chosen = kind === "grpc" ? client : bufferedClient;
        const call = chosen?.makeUnaryRequest("/both", serialize, deserialize, Buffer.from("hello"), (error, value) =>
          error === null && value !== undefined ? resolve(value) : reject(error),
        );
        const status = Promise.withResolvers<grpc.StatusObject>();
        call?.on("status", status.resolve);
        expect((await promise).toString()).toBe("hello");
        expect((await status.promise).metadata.get("x-from-function")).toEqual(["request"]);
        expect(await envoy?.counters()).toMatchObject({ streams_failed: 0, spurious_msgs_received: 0 });
      });
    }

    for (const kind of ["grpc", "streamed", "duplex"] as const) {
      test(`a gRPC conversation takes turns (${kind})`, async () => {
        const talker = new grpc.Client(`127.0.0.1:${envoy?.ports[kind]}`, grpc.credentials.createInsecure());
        const call = talker.makeBidiStreamRequest("/untouched", bytes.serialize, bytes.deserialize);
        const answers = call[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
        const heard: string[] = [];
        for (const word of ["one", "two", "three"]) {
          call.write(Buffer.from(word));
          heard.push(String((await answers.next()).value));
        }
        call.end();
        expect([heard, (await answers.next()).done]).toEqual([["echo one", "echo two", "echo three"], true]);
        talker.close();
        expect(await envoy?.counters()).toMatchObject({ streams_failed: 0, spurious_msgs_received: 0 });
      });
    }
  });
}
