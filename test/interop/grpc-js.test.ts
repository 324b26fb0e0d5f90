/** An independent client, @grpc/grpc-js, against the test service on our transport. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { Http2Server } from "../../src/http2/contract.ts";
import { openTestServer, portOf } from "./server.ts";

const PROTO = join(import.meta.dir, "proto");
const definitions = loadSync("grpc/testing/test.proto", { includeDirs: [PROTO], keepCase: true, defaults: true });

interface Ended {
  readonly code: number;
  readonly details: string;
  readonly trailing: grpc.Metadata;
}

/** What a client saw of one call. */
interface Seen<Response> extends Ended {
  readonly initial: grpc.Metadata | null;
  readonly responses: readonly Response[];
}

interface Payload {
  readonly payload: { readonly body: Buffer };
}

let server: Http2Server;
let client: grpc.Client;
let gzipClient: grpc.Client;
const observed: string[] = [];

beforeAll(async () => {
  server = await openTestServer(0, {
    callOpened: () => {},
    callEnded: (path, code) => observed.push(`${path} ${code}`),
    receiverFailed: (path, error) => observed.push(`${path} ${String(error)}`),
  });
  const unlimited = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
  const address = `127.0.0.1:${portOf(server)}`;
  client = new grpc.Client(address, grpc.credentials.createInsecure(), unlimited);
  gzipClient = new grpc.Client(address, grpc.credentials.createInsecure(), {
    ...unlimited,
    "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
  });
});

afterAll(() => {
  client.close();
  gzipClient.close();
  server.close();
});

function method(name: string): grpc.MethodDefinition<object, object> {
  const service = definitions["grpc.testing.TestService"];
  if (service === undefined || "format" in service) throw new Error("no service");
  const found = service[name];
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
}

/** Makes a call of any kind and collects what comes back. */
function call<Response>(
  name: string,
  requests: readonly object[],
  options: { metadata?: grpc.Metadata; deadlineMs?: number; client?: grpc.Client; cancelAfter?: number } = {},
): Promise<Seen<Response>> {
  const { path, requestSerialize, responseDeserialize } = method(name);
  const duplex = (options.client ?? client).makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    options.metadata ?? new grpc.Metadata(),
    options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs },
  );
  const responses: Response[] = [];
  let initial: grpc.Metadata | null = null;
  const { promise, resolve } = Promise.withResolvers<Seen<Response>>();
  duplex.on("metadata", (metadata: grpc.Metadata) => (initial = metadata));
  duplex.on("data", (response: Response) => {
    if (responses.push(response) === options.cancelAfter) duplex.cancel();
  });
  // What "error" reports stands in "status" as well.
  duplex.on("error", () => {});
  duplex.on("status", ({ code, details, metadata }) =>
    resolve({ code, details, trailing: metadata, initial, responses }),
  );
  for (const request of requests) duplex.write(request);
  if (options.cancelAfter === undefined) duplex.end();
  else if (options.cancelAfter === 0) setTimeout(() => duplex.cancel(), 20);
  return promise;
}

/** Waits until the server has reported the end of a call, as one of these. */
async function reported(...ends: readonly string[]): Promise<boolean> {
  const heard = (): boolean => ends.some((end) => observed.includes(end));
  for (let waited = 0; waited < 100 && !heard(); waited++) await Bun.sleep(10);
  return heard();
}

describe("a grpc-js client", () => {
  test("gets an empty answer", async () => {
    const seen = await call<object>("EmptyCall", [{}]);
    expect([seen.code, seen.responses]).toEqual([0, [{}]]);
  });

  test("sends and gets messages of up to 10 MiB", async () => {
    for (const size of [0, 1, 16_378, 16_379, 16_384, 65_535, 65_536, 1 << 20, 10 << 20]) {
      const request = { response_size: size, payload: { body: randomBytes(size) } };
      const seen = await call<Payload>("UnaryCall", [request]);
      expect([seen.code, seen.responses.map((response) => response.payload.body.length)]).toEqual([0, [size]]);
    }
  });

  test("is refused a message beyond the limit, and the connection serves on", async () => {
    const request = { response_size: 1, payload: { body: Buffer.alloc(17 << 20) } };
    const seen = await call<Payload>("UnaryCall", [request]);
    expect([seen.code, seen.responses.length]).toEqual([grpc.status.RESOURCE_EXHAUSTED, 0]);
    expect((await call<object>("EmptyCall", [{}])).code).toBe(0);
  });

  test("sends gzip messages, many of them and large ones", async () => {
    const sizes = [27_182, 8, 1 << 20, 0, 5 << 20];
    const requests = sizes.map((size) => ({ payload: { body: Buffer.alloc(size, "text ") } }));
    const seen = await call<object>("StreamingInputCall", requests, { client: gzipClient });
    const aggregated_payload_size = sizes.reduce((sum, size) => sum + size, 0);
    expect([seen.code, seen.responses]).toEqual([0, [{ aggregated_payload_size }]]);
  });

  test("streams many requests while it gets many responses", async () => {
    const sizes = Array.from({ length: 200 }, (_, i) => (i * 7919) % 40_000);
    const requests = sizes.map((size) => ({
      response_parameters: [{ size }, { size: 1 }],
      payload: { body: Buffer.alloc(size) },
    }));
    const seen = await call<Payload>("FullDuplexCall", requests);
    expect(seen.code).toBe(0);
    expect(seen.responses.map((response) => response.payload.body.length)).toEqual(sizes.flatMap((size) => [size, 1]));
  });

  test("gets a stream larger than all windows", async () => {
    const response_parameters = Array.from({ length: 60 }, () => ({ size: 1 << 20 }));
    const seen = await call<Payload>("StreamingOutputCall", [{ response_parameters }]);
    expect([seen.code, seen.responses.length]).toEqual([0, 60]);
  });

  test("gets its metadata back, leading and trailing", async () => {
    const metadata = new grpc.Metadata();
    metadata.set("x-grpc-test-echo-initial", "first");
    for (const bytes of [[0xab, 0xcd], [], [1, 2, 3]])
      metadata.add("x-grpc-test-echo-trailing-bin", Buffer.from(bytes));
    for (const name of ["UnaryCall", "FullDuplexCall"]) {
      const seen = await call<Payload>(name, [{ response_size: 3, response_parameters: [{ size: 3 }] }], { metadata });
      expect(seen.code).toBe(0);
      expect(seen.responses.length).toBe(1);
      expect(seen.initial?.get("x-grpc-test-echo-initial")).toEqual(["first"]);
      expect(
        seen.trailing.get("x-grpc-test-echo-trailing-bin").map((value) => Buffer.from(value).toString("hex")),
      ).toEqual(["abcd", "", "010203"]);
    }
  });

  test("gets status codes and messages of any text", async () => {
    for (const [code, message] of [
      [2, "test status message"],
      [16, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"],
      [9, "100% % %41"],
    ] as const) {
      const seen = await call<object>("UnaryCall", [{ response_status: { code, message } }]);
      expect([seen.code, seen.details]).toEqual([code, message]);
    }
  });

  test("gets UNIMPLEMENTED for a method that is not served", async () => {
    const seen = await call<object>("UnimplementedCall", [{}]);
    expect([seen.code, seen.details]).toEqual([
      grpc.status.UNIMPLEMENTED,
      "unknown method UnimplementedCall for service grpc.testing.TestService",
    ]);
  });

  test("sees its deadline kept, and so does the server", async () => {
    observed.length = 0;
    const request = { response_parameters: [{ size: 1 }, { size: 1, interval_us: 300_000 }] };
    const seen = await call<Payload>("StreamingOutputCall", [request], { deadlineMs: 100 });
    expect([seen.code, seen.responses.length]).toEqual([grpc.status.DEADLINE_EXCEEDED, 1]);
    // Whose clock was first decides whether the server ends the call or hears it cancelled.
    const path = "/grpc.testing.TestService/StreamingOutputCall";
    expect(await reported(`${path} 4`, `${path} 1`)).toBe(true);
  });

  test("cancels before and after the first response, and the server hears of it", async () => {
    for (const cancelAfter of [0, 1]) {
      observed.length = 0;
      const request = { response_parameters: cancelAfter === 0 ? [] : [{ size: 31_415 }] };
      const seen = await call<Payload>("FullDuplexCall", [request], { cancelAfter });
      expect([seen.code, seen.responses.length]).toEqual([grpc.status.CANCELLED, cancelAfter]);
      expect(await reported("/grpc.testing.TestService/FullDuplexCall 1")).toBe(true);
    }
  });

  test("makes a thousand calls at once on one connection", async () => {
    const seen = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => call<Payload>("UnaryCall", [{ response_size: i }])),
    );
    expect(seen.map(({ code, responses }) => [code, responses[0]?.payload.body.length])).toEqual(
      Array.from({ length: 1000 }, (_, i) => [0, i]),
    );
  });
});
