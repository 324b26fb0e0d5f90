import { describe, expect, test } from "bun:test";
import descriptor from "google-protobuf/google/protobuf/descriptor_pb.js";
import { buildDescriptorIndex } from "./descriptor-index.ts";
import { DESCRIPTORS_BASE64 } from "./descriptors.generated.ts";

const index = buildDescriptorIndex(Buffer.from(DESCRIPTORS_BASE64, "base64"));

function names(files: readonly Uint8Array[] | null): (string | undefined)[] | null {
  return files?.map((file) => descriptor.FileDescriptorProto.deserializeBinary(file).getName()) ?? null;
}

describe("the descriptor index", () => {
  test("gives a file with everything it imports, the file first", () => {
    const found = names(index.fileByName("envoy/service/ext_proc/v3/external_processor.proto"));
    expect(found?.[0]).toBe("envoy/service/ext_proc/v3/external_processor.proto");
    expect(found?.slice(1).sort()).toEqual([
      "envoy/config/core/v3/base.proto",
      "envoy/extensions/filters/http/ext_proc/v3/processing_mode.proto",
      "envoy/type/v3/http_status.proto",
      "google/protobuf/any.proto",
      "google/protobuf/duration.proto",
      "google/protobuf/struct.proto",
      "google/protobuf/wrappers.proto",
    ]);
  });

  test("finds every kind of symbol", () => {
    const symbols = [
      "grpc.health.v1.Health",
      "grpc.health.v1.Health.Watch",
      "grpc.health.v1.HealthCheckRequest",
      "grpc.health.v1.HealthCheckRequest.service",
      "grpc.health.v1.HealthCheckResponse.ServingStatus",
      "grpc.health.v1.HealthCheckResponse.SERVING",
      "grpc.health.v1.HealthListResponse.StatusesEntry",
    ];
    expect(symbols.map((symbol) => names(index.fileContainingSymbol(symbol)))).toEqual(
      symbols.map(() => ["grpc/health/v1/health.proto"]),
    );
    expect(names(index.fileContainingSymbol("envoy.service.ext_proc.v3.ProcessingRequest.request"))?.[0]).toBe(
      "envoy/service/ext_proc/v3/external_processor.proto",
    );
  });

  test("has nothing for what is not declared", () => {
    expect([
      index.fileByName("no.proto"),
      index.fileContainingSymbol("grpc.health.v1"),
      index.extensionNumbers("no"),
    ]).toEqual([null, null, null]);
    expect(index.fileContainingExtension("grpc.health.v1.HealthCheckRequest", 100)).toBeNull();
    expect(index.extensionNumbers("grpc.health.v1.HealthCheckRequest")).toEqual([]);
  });

  test("finds extensions by the type they extend", () => {
    const file = new descriptor.FileDescriptorProto();
    file.setName("ext.proto");
    file.setPackage("p");
    const base = new descriptor.DescriptorProto();
    base.setName("Base");
    file.addMessageType(base);
    const numbers = { late: 200, early: 100 };
    const extensions = Object.entries(numbers).map(([name, number]) => {
      const extension = new descriptor.FieldDescriptorProto();
      extension.setName(name);
      extension.setNumber(number);
      extension.setExtendee(".p.Base");
      return extension;
    });
    file.setExtensionList(extensions);
    const set = new descriptor.FileDescriptorSet();
    set.addFile(file);
    const extended = buildDescriptorIndex(set.serializeBinary());
    expect(extended.extensionNumbers("p.Base")).toEqual([100, 200]);
    expect(names(extended.fileContainingExtension("p.Base", 200))).toEqual(["ext.proto"]);
    expect(names(extended.fileContainingSymbol("p.early"))).toEqual(["ext.proto"]);
  });
});
