/**
 * Compiles the files under proto/ to descriptors, which the reflection service hands out, and writes them to
 * src/grpc/descriptors.generated.ts. `--check` writes nothing and fails when that file is out of date.
 */
import { join } from "node:path";
import descriptor from "google-protobuf/google/protobuf/descriptor_pb.js";
import protobuf from "protobufjs";

const { DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto } = descriptor;
const { FieldOptions, FileDescriptorProto, FileDescriptorSet, MessageOptions, MethodDescriptorProto } = descriptor;
const { OneofDescriptorProto, ServiceDescriptorProto } = descriptor;

const { Type } = FieldDescriptorProto;
const SCALAR_TYPES: Readonly<Record<string, descriptor.FieldDescriptorProto.Type>> = {
  bool: Type.TYPE_BOOL,
  bytes: Type.TYPE_BYTES,
  double: Type.TYPE_DOUBLE,
  fixed32: Type.TYPE_FIXED32,
  fixed64: Type.TYPE_FIXED64,
  float: Type.TYPE_FLOAT,
  int32: Type.TYPE_INT32,
  int64: Type.TYPE_INT64,
  message: Type.TYPE_MESSAGE,
  sfixed32: Type.TYPE_SFIXED32,
  sfixed64: Type.TYPE_SFIXED64,
  sint32: Type.TYPE_SINT32,
  sint64: Type.TYPE_SINT64,
  string: Type.TYPE_STRING,
  uint32: Type.TYPE_UINT32,
  uint64: Type.TYPE_UINT64,
};

const PROTO_DIRECTORY = join(import.meta.dir, "../proto");
const OUTPUT = join(import.meta.dir, "../src/grpc/descriptors.generated.ts");

/** One proto file, parsed. */
interface ProtoFile {
  readonly name: string;
  readonly package: string;
  readonly imports: readonly string[];
  readonly declared: readonly protobuf.ReflectionObject[];
}

/** The text of the generated file. */
export async function generateDescriptors(directory: string = PROTO_DIRECTORY): Promise<string> {
  const set = await compileDirectory(directory);
  const base64 = Buffer.from(set).toString("base64");
  const lines = base64.match(/.{1,110}/g) ?? [];
  return [
    "/** Written by scripts/build-descriptors.ts from the files under proto/: a google.protobuf.FileDescriptorSet in base64. */",
    "export const DESCRIPTORS_BASE64 = [",
    ...lines.map((line) => `  "${line}",`),
    '].join("");',
    "",
  ].join("\n");
}

/** A serialised FileDescriptorSet of all proto files in a directory and the well-known files they import. */
export async function compileDirectory(directory: string): Promise<Uint8Array> {
  const root = new protobuf.Root();
  const files = new Map<string, ProtoFile>();
  const names = (await Array.fromAsync(new Bun.Glob("**/*.proto").scan(directory))).sort();
  for (const name of names) files.set(name, parseFile(root, name, await Bun.file(join(directory, name)).text()));
  for (const name of [...files.values()].flatMap((file) => file.imports)) {
    if (!files.has(name)) files.set(name, wellKnownFile(root, name));
  }
  root.resolveAll();
  const set = new FileDescriptorSet();
  set.setFileList([...files.values()].map(describeFile));
  return set.serializeBinary();
}

function parseFile(root: protobuf.Root, name: string, source: string): ProtoFile {
  const parsed = protobuf.parse(source, root, { keepCase: true });
  const packageName = parsed.package ?? "";
  const namespace = root.lookup(packageName);
  if (!(namespace instanceof protobuf.Namespace)) throw new Error(`${name}: no package`);
  // A package may stretch over several files; what an earlier one declared has its name already.
  const declared = namespace.nestedArray.filter((object) => isDeclaration(object) && object.filename === null);
  for (const object of declared) object.filename = name;
  return { name, package: packageName, imports: [...new Set(parsed.imports ?? [])], declared };
}

function wellKnownFile(root: protobuf.Root, name: string): ProtoFile {
  const json = protobuf.common.get(name);
  if (json?.nested === undefined) throw new Error(`no file ${name}`);
  root.addJSON(json.nested);
  const source = protobuf.Root.fromJSON(json).lookup("google.protobuf");
  const namespace = root.lookup("google.protobuf");
  if (!(namespace instanceof protobuf.Namespace) || !(source instanceof protobuf.Namespace)) {
    throw new Error(`${name}: not in google.protobuf`);
  }
  const declared = namespace.nestedArray.filter((object) => source.get(object.name) !== null);
  return { name, package: "google.protobuf", imports: [], declared };
}

function isDeclaration(object: protobuf.ReflectionObject): boolean {
  return object instanceof protobuf.Type || object instanceof protobuf.Enum || object instanceof protobuf.Service;
}

function describeFile(file: ProtoFile): descriptor.FileDescriptorProto {
  const proto = new FileDescriptorProto();
  proto.setName(file.name);
  proto.setPackage(file.package);
  proto.setDependencyList([...file.imports]);
  proto.setSyntax("proto3");
  for (const object of file.declared) {
    if (object instanceof protobuf.Type) proto.addMessageType(describeMessage(object));
    else if (object instanceof protobuf.Enum) proto.addEnumType(describeEnum(object));
    else if (object instanceof protobuf.Service) proto.addService(describeService(object));
  }
  return proto;
}

function describeMessage(type: protobuf.Type): descriptor.DescriptorProto {
  const proto = new DescriptorProto();
  proto.setName(type.name);
  for (const oneof of type.oneofsArray) {
    const declaration = new OneofDescriptorProto();
    declaration.setName(oneof.name);
    proto.addOneofDecl(declaration);
  }
  for (const field of type.fieldsArray) {
    if (field instanceof protobuf.MapField) proto.addNestedType(describeMapEntry(field));
    proto.addField(describeField(field));
  }
  for (const nested of type.nestedArray) {
    if (nested instanceof protobuf.Type) proto.addNestedType(describeMessage(nested));
    else if (nested instanceof protobuf.Enum) proto.addEnumType(describeEnum(nested));
  }
  for (const reserved of type.reserved ?? []) {
    if (typeof reserved === "string") proto.addReservedName(reserved);
    else proto.addReservedRange(reservedRange(reserved));
  }
  return proto;
}

/** The end of a message's reserved range is exclusive in descriptors. */
function reservedRange([start = 0, end = start]: number[]): descriptor.DescriptorProto.ReservedRange {
  const range = new DescriptorProto.ReservedRange();
  range.setStart(start);
  range.setEnd(end + 1);
  return range;
}

/** The message behind a map field: its key and its value. */
function describeMapEntry(field: protobuf.MapField): descriptor.DescriptorProto {
  const proto = new DescriptorProto();
  proto.setName(mapEntryName(field));
  const key = plainField("key", 1, field.keyType, null);
  const value = plainField("value", 2, field.type, field.resolvedType);
  proto.setFieldList([key, value]);
  const options = new MessageOptions();
  options.setMapEntry(true);
  proto.setOptions(options);
  return proto;
}

function describeField(field: protobuf.Field): descriptor.FieldDescriptorProto {
  const map = field instanceof protobuf.MapField;
  const proto = plainField(field.name, field.id, map ? "message" : field.type, map ? null : field.resolvedType);
  if (map) proto.setTypeName(`${field.parent?.fullName ?? ""}.${mapEntryName(field)}`);
  if (map || field.repeated) proto.setLabel(FieldDescriptorProto.Label.LABEL_REPEATED);
  if (field.partOf !== null && field.parent instanceof protobuf.Type) {
    proto.setOneofIndex(field.parent.oneofsArray.indexOf(field.partOf));
  }
  if (field.getOption("deprecated") === true) {
    const options = new FieldOptions();
    options.setDeprecated(true);
    proto.setOptions(options);
  }
  return proto;
}

function plainField(
  declaredName: string,
  number: number,
  type: string,
  resolved: protobuf.Type | protobuf.Enum | null,
): descriptor.FieldDescriptorProto {
  // The well-known types come with names already turned to camel case.
  const name = declaredName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const proto = new FieldDescriptorProto();
  proto.setName(name);
  proto.setNumber(number);
  proto.setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL);
  proto.setType(fieldType(type, resolved));
  if (resolved !== null) proto.setTypeName(resolved.fullName);
  proto.setJsonName(name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()));
  return proto;
}

function fieldType(type: string, resolved: protobuf.Type | protobuf.Enum | null): descriptor.FieldDescriptorProto.Type {
  if (resolved instanceof protobuf.Enum) return Type.TYPE_ENUM;
  if (resolved !== null) return Type.TYPE_MESSAGE;
  const scalar = SCALAR_TYPES[type];
  if (scalar !== undefined) return scalar;
  throw new Error(`no field type ${type}`);
}

/** "filter_metadata" becomes "FilterMetadataEntry". */
function mapEntryName(field: protobuf.MapField): string {
  return `${field.name.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}

function describeEnum(type: protobuf.Enum): descriptor.EnumDescriptorProto {
  const proto = new EnumDescriptorProto();
  proto.setName(type.name);
  for (const [name, number] of Object.entries(type.values)) {
    const value = new EnumValueDescriptorProto();
    value.setName(name);
    value.setNumber(number);
    proto.addValue(value);
  }
  return proto;
}

function describeService(service: protobuf.Service): descriptor.ServiceDescriptorProto {
  const proto = new ServiceDescriptorProto();
  proto.setName(service.name);
  for (const method of service.methodsArray) {
    const declaration = new MethodDescriptorProto();
    declaration.setName(method.name);
    declaration.setInputType(method.resolvedRequestType?.fullName ?? "");
    declaration.setOutputType(method.resolvedResponseType?.fullName ?? "");
    if (method.requestStream) declaration.setClientStreaming(true);
    if (method.responseStream) declaration.setServerStreaming(true);
    proto.addMethod(declaration);
  }
  return proto;
}

if (import.meta.main) {
  const text = await generateDescriptors();
  if (!process.argv.includes("--check")) await Bun.write(OUTPUT, text);
  else if ((await Bun.file(OUTPUT).text()) !== text) {
    console.error("src/grpc/descriptors.generated.ts is out of date: bun scripts/build-descriptors.ts");
    process.exitCode = 1;
  }
}
