import { expect, test } from "bun:test";
import { loadSync } from "@grpc/proto-loader";
import { join } from "node:path";
import { repositoryRoot } from "../../build.ts";
import { workloads } from "../workloads.ts";
import { proxyMessages } from "./proxy-messages.ts";

const definition = loadSync("envoy/service/ext_proc/v3/external_processor.proto", {
  includeDirs: [join(repositoryRoot, "proto")],
  keepCase: true,
  oneofs: true,
  enums: String,
});
const service = definition["envoy.service.ext_proc.v3.ExternalProcessor"];

test("the messages are ProcessingRequests, one a phase, with the body modes in the first", () => {
  if (service === undefined || !("Process" in service)) throw new Error("the proto has no Process method");
  const decode = service["Process"].requestDeserialize;
  const decoded = proxyMessages(workloads.bodies).map((message) => decode(Buffer.from(message)));
  expect(decoded).toMatchObject([
    {
      request: "request_headers",
      metadata_context: {},
      protocol_config: { request_body_mode: "BUFFERED", response_body_mode: "BUFFERED" },
    },
    { request: "request_body", request_body: { body: Buffer.alloc(1024, "x"), end_of_stream: true } },
    { request: "response_headers", response_headers: { headers: { headers: { 0: { key: ":status" } } } } },
    { request: "response_body", response_body: { body: Buffer.alloc(1024, "x"), end_of_stream: true } },
  ]);
});

test("a request without a body ends with its headers", () => {
  if (service === undefined || !("Process" in service)) throw new Error("the proto has no Process method");
  const [first = new Uint8Array(0)] = proxyMessages(workloads.headers);
  expect(service["Process"].requestDeserialize(Buffer.from(first))).toMatchObject({
    request_headers: { end_of_stream: true },
  });
});
