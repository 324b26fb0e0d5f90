/** Health and reflection, asked by an independent client. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import descriptor from "google-protobuf/google/protobuf/descriptor_pb.js";
import type { Http2Server } from "../../src/http2/contract.ts";
import { openTestServer, portOf } from "./server.ts";

const PROTO = join(import.meta.dir, "../../proto");
const files = ["grpc/reflection/v1/reflection.proto", "grpc/reflection/v1alpha/reflection.proto"];
const definitions = loadSync(files, { includeDirs: [PROTO], keepCase: true, oneofs: true });

interface ReflectionAnswer {
  readonly message_response: string;
  readonly original_request: { readonly message_request: string } | null;
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly all_extension_numbers_response?: { readonly base_type_name: string };
  readonly error_response?: { readonly error_code: number; readonly error_message: string };
}

let server: Http2Server;
let client: grpc.Client;

beforeAll(async () => {
  server = await openTestServer(0);
  client = new grpc.Client(`127.0.0.1:${portOf(server)}`, grpc.credentials.createInsecure());
});

afterAll(() => {
  client.close();
  server.close();
});

async function ask(version: string, requests: readonly object[]): Promise<readonly ReflectionAnswer[]> {
  const service = definitions[`grpc.reflection.${version}.ServerReflection`];
  if (service === undefined || "format" in service) throw new Error("no service");
  const method = service["ServerReflectionInfo"];
  if (method === undefined) throw new Error("no method");
  const duplex = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  const answers: ReflectionAnswer[] = [];
  const ended = Promise.withResolvers<void>();
  duplex.on("data", (answer: ReflectionAnswer) => answers.push(answer));
  duplex.on("error", ended.reject);
  duplex.on("end", ended.resolve);
  for (const request of requests) duplex.write(request);
  duplex.end();
  await ended.promise;
  return answers;
}

test("both versions list the services and describe files, symbols and what is missing", async () => {
  for (const version of ["v1", "v1alpha"]) {
    const answers = await ask(version, [
      { list_services: "" },
      { file_containing_symbol: "envoy.service.ext_proc.v3.ExternalProcessor.Process" },
      { file_by_filename: "grpc/health/v1/health.proto", host: "here" },
      { file_by_filename: "no.proto" },
      { all_extension_numbers_of_type: "grpc.health.v1.HealthCheckRequest" },
      { file_containing_extension: { containing_type: "grpc.health.v1.HealthCheckRequest", extension_number: 7 } },
      {},
    ]);
    expect(answers.map((answer) => [answer.message_response, answer.original_request?.message_request])).toEqual([
      ["list_services_response", "list_services"],
      ["file_descriptor_response", "file_containing_symbol"],
      ["file_descriptor_response", "file_by_filename"],
      ["error_response", "file_by_filename"],
      ["all_extension_numbers_response", "all_extension_numbers_of_type"],
      ["error_response", "file_containing_extension"],
      ["error_response", undefined],
    ]);
    expect(answers[0]?.list_services_response?.service.map((service) => service.name)).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "grpc.testing.TestService",
    ]);
    const described = answers[1]?.file_descriptor_response?.file_descriptor_proto ?? [];
    expect(described.length).toBe(8);
    const [first] = described.map((file) => descriptor.FileDescriptorProto.deserializeBinary(file));
    expect(first?.getServiceList().map((service) => service.getName())).toEqual(["ExternalProcessor"]);
    expect(answers[3]?.error_response).toEqual({ error_code: 5, error_message: "file not found: no.proto" });
    expect(answers[4]?.all_extension_numbers_response?.base_type_name).toBe("grpc.health.v1.HealthCheckRequest");
    expect(answers[6]?.error_response?.error_code).toBe(3);
  }
});
