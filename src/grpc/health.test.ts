import { expect, test } from "bun:test";
import { ErrorCode, type Http2StreamHandler } from "../http2/contract.ts";
import { createGrpcAcceptor } from "./acceptor.ts";
import { deliver, FakeStream } from "./fake-stream.test-support.ts";
import { HealthRegistry, ServingStatus } from "./health.ts";
import { frameMessage } from "./message-frame.ts";
import { RESPONSE_FIELDS } from "./status-fields.ts";

function request(service: string): Uint8Array {
  return frameMessage(Buffer.concat([Buffer.of(0x0a, service.length), Buffer.from(service)]));
}

async function call(
  registry: HealthRegistry,
  method: string,
  frame: Uint8Array,
): Promise<{ stream: FakeStream; handler: Http2StreamHandler }> {
  const stream = new FakeStream();
  const path = `/grpc.health.v1.Health/${method}`;
  const fields = [":method", "POST", ":path", path, "content-type", "application/grpc"];
  const handler = createGrpcAcceptor({ services: [registry.service] }).onStream(stream, fields, false);
  deliver(handler, frame);
  handler.onEnd(null);
  await Bun.sleep(1);
  return { stream, handler };
}

test("Check gives the status of a service and of the server as a whole", async () => {
  const registry = new HealthRegistry();
  registry.set("a.B", ServingStatus.NOT_SERVING);
  expect((await call(registry, "Check", request("a.B"))).stream.body).toBe("00000000020802");
  expect((await call(registry, "Check", frameMessage(Buffer.of()))).stream.body).toBe("00000000020801");
});

test("Check of an unknown service is NOT_FOUND", async () => {
  const { stream } = await call(new HealthRegistry(), "Check", request("nobody"));
  expect(stream.sent).toEqual([
    {
      kind: "headers",
      fields: [...RESPONSE_FIELDS, "grpc-status", "5", "grpc-message", "unknown service nobody"],
      endStream: true,
    },
  ]);
});

test("List gives every service", async () => {
  const registry = new HealthRegistry();
  registry.set("b", ServingStatus.NOT_SERVING);
  const { stream } = await call(registry, "List", frameMessage(Buffer.of()));
  expect(stream.body).toBe("0000000011" + "0a06" + "0a00" + "12020801" + "0a07" + "0a0162" + "12020802");
});

test("Watch tells each change once and stays open until the client leaves", async () => {
  const registry = new HealthRegistry();
  const { stream, handler } = await call(registry, "Watch", request("later"));
  registry.set("other", ServingStatus.SERVING);
  registry.set("later", ServingStatus.SERVING);
  registry.set("later", ServingStatus.SERVING);
  registry.drain();
  expect(stream.body.match(/.{14}/g)).toEqual(["00000000020803", "00000000020801", "00000000020802"]);
  expect(stream.sent.at(-1)?.kind).toBe("data");
  handler.onReset(ErrorCode.CANCEL);
  const sentBefore = stream.sent.length;
  registry.set("later", ServingStatus.UNKNOWN);
  expect(stream.sent.length).toBe(sentBefore);
});

test("while draining every service is NOT_SERVING, whatever is set", async () => {
  const registry = new HealthRegistry();
  registry.drain();
  registry.set("a", ServingStatus.SERVING);
  expect([registry.get(""), registry.get("a"), registry.get("unknown")]).toEqual([2, 2, undefined]);
});

test("Watch without a request ends with INTERNAL", async () => {
  const stream = new FakeStream();
  const path = "/grpc.health.v1.Health/Watch";
  const fields = [":method", "POST", ":path", path, "content-type", "application/grpc"];
  createGrpcAcceptor({ services: [new HealthRegistry().service] }).onStream(stream, fields, true);
  expect(stream.sent[0]).toMatchObject({ kind: "headers", endStream: true, fields: expect.arrayContaining(["13"]) });
});
