/**
 * The reflection service of gRPC, in both versions that clients use; their messages are the same.
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
import { WireReader } from "../protobuf/reader.ts";
import { WireWriter } from "../protobuf/writer.ts";
import { StatusCode, type GrpcService } from "./contract.ts";
import type { DescriptorIndex } from "./descriptor-index.ts";
import { bidi } from "./handlers.ts";

const REFLECTION_SERVICES = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/** A ServerReflectionRequest: what is asked, by the name of its oneof member. */
interface ReflectionRequest {
  /** The whole request: it is repeated in the response. */
  readonly bytes: Uint8Array;
  readonly host: string;
  readonly question: Question;
}

type Question =
  | { readonly kind: "file_by_filename"; readonly name: string }
  | { readonly kind: "file_containing_symbol"; readonly symbol: string }
  | { readonly kind: "file_containing_extension"; readonly type: string; readonly number: number }
  | { readonly kind: "all_extension_numbers_of_type"; readonly type: string }
  | { readonly kind: "list_services" }
  | { readonly kind: "none" };

interface ReflectionResponse {
  readonly request: ReflectionRequest;
  readonly answer: Answer;
}

type Answer =
  | { readonly kind: "files"; readonly files: readonly Uint8Array[] }
  | { readonly kind: "extension_numbers"; readonly type: string; readonly numbers: readonly number[] }
  | { readonly kind: "services"; readonly names: readonly string[] }
  | { readonly kind: "error"; readonly code: number; readonly message: string };

/**
 * The services to put beside those named. `loadIndex` gives the descriptors of all of them when somebody first asks; by
 * default those of the files in proto/.
 */
export function createReflectionServices(
  serviceNames: readonly string[],
  loadIndex: () => Promise<DescriptorIndex> = loadOwnIndex,
): readonly GrpcService[] {
  const names = [...serviceNames, ...REFLECTION_SERVICES].sort();
  const ServerReflectionInfo = bidi({ decode: decodeRequest, encode: encodeResponse }, async function* (requests) {
    const index = await loadIndex();
    for await (const request of requests) yield { request, answer: answer(request.question, index, names) };
  });
  return REFLECTION_SERVICES.map((name) => ({ name, methods: { ServerReflectionInfo } }));
}

let ownIndex: Promise<DescriptorIndex> | null = null;

/** Descriptors are loaded when they are asked for, so that a worker nobody asks does not hold them. */
function loadOwnIndex(): Promise<DescriptorIndex> {
  return (ownIndex ??= (async () => {
    const { buildDescriptorIndex } = await import("./descriptor-index.ts");
    const { DESCRIPTORS_BASE64 } = await import("./descriptors.generated.ts");
    return buildDescriptorIndex(Buffer.from(DESCRIPTORS_BASE64, "base64"));
  })());
}

function answer(question: Question, index: DescriptorIndex, serviceNames: readonly string[]): Answer {
  switch (question.kind) {
    case "file_by_filename":
      return filesOr(index.fileByName(question.name), `file not found: ${question.name}`);
    case "file_containing_symbol":
      return filesOr(index.fileContainingSymbol(question.symbol), `symbol not found: ${question.symbol}`);
    case "file_containing_extension": {
      const { type, number } = question;
      return filesOr(index.fileContainingExtension(type, number), `extension not found: ${number} of ${type}`);
    }
    case "all_extension_numbers_of_type": {
      const numbers = index.extensionNumbers(question.type);
      if (numbers !== null) return { kind: "extension_numbers", type: question.type, numbers };
      return { kind: "error", code: StatusCode.NOT_FOUND, message: `type not found: ${question.type}` };
    }
    case "list_services":
      return { kind: "services", names: serviceNames };
    case "none":
      return { kind: "error", code: StatusCode.INVALID_ARGUMENT, message: "the request asks nothing" };
  }
}

function filesOr(files: readonly Uint8Array[] | null, message: string): Answer {
  return files === null ? { kind: "error", code: StatusCode.NOT_FOUND, message } : { kind: "files", files };
}

function decodeRequest(bytes: Uint8Array): ReflectionRequest {
  const reader = new WireReader(bytes);
  let host = "";
  let question: Question = { kind: "none" };
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) host = reader.string();
    else if (tag === 0x1a) question = { kind: "file_by_filename", name: reader.string() };
    else if (tag === 0x22) question = { kind: "file_containing_symbol", symbol: reader.string() };
    else if (tag === 0x2a) question = { kind: "file_containing_extension", ...decodeExtensionRequest(reader) };
    else if (tag === 0x32) question = { kind: "all_extension_numbers_of_type", type: reader.string() };
    else if (tag === 0x3a) {
      reader.skip(tag);
      question = { kind: "list_services" };
    } else reader.skip(tag);
  }
  return { bytes, host, question };
}

function decodeExtensionRequest(reader: WireReader): { type: string; number: number } {
  let type = "";
  let number = 0;
  const outer = reader.enter();
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) type = reader.string();
    else if (tag === 0x10) number = reader.int32();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { type, number };
}

function encodeResponse({ request, answer: given }: ReflectionResponse): Uint8Array {
  const writer = new WireWriter();
  writer.begin();
  writer.string(0x0a, request.host);
  writer.bytes(0x12, request.bytes);
  writeAnswer(writer, given);
  return writer.finish();
}

function writeAnswer(writer: WireWriter, given: Answer): void {
  switch (given.kind) {
    case "files": {
      const mark = writer.open(0x22);
      for (const file of given.files) writer.bytes(0x0a, file);
      return writer.close(mark);
    }
    case "extension_numbers": {
      const mark = writer.open(0x2a);
      writer.string(0x0a, given.type);
      for (const number of given.numbers) writer.int32(0x10, number);
      return writer.close(mark);
    }
    case "services": {
      const mark = writer.open(0x32);
      for (const name of given.names) {
        const service = writer.open(0x0a);
        writer.string(0x0a, name);
        writer.close(service);
      }
      return writer.close(mark);
    }
    case "error": {
      const mark = writer.open(0x3a);
      writer.int32(0x08, given.code);
      writer.string(0x12, given.message);
      return writer.close(mark);
    }
  }
}
