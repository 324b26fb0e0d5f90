/** Finds the file that declares a symbol or an extension in a set of descriptors. */
import descriptor from "google-protobuf/google/protobuf/descriptor_pb.js";

export interface DescriptorIndex {
  /** The file and all it imports, directly or not, each serialised; the file itself first. Null when there is none. */
  fileByName(name: string): readonly Uint8Array[] | null;
  /** By the full name of a service, method, message, field, oneof, enum, enum value or extension. */
  fileContainingSymbol(symbol: string): readonly Uint8Array[] | null;
  fileContainingExtension(messageType: string, fieldNumber: number): readonly Uint8Array[] | null;
  /** Field numbers of the extensions of a message type, ascending; null when there is no such type. */
  extensionNumbers(messageType: string): readonly number[] | null;
}

/** Indexes a serialised google.protobuf.FileDescriptorSet. */
export function buildDescriptorIndex(fileDescriptorSet: Uint8Array): DescriptorIndex {
  const files = descriptor.FileDescriptorSet.deserializeBinary(fileDescriptorSet).getFileList();
  const byName = new Map(files.map((file) => [file.getName() ?? "", file]));
  const declared = new Declarations();
  for (const file of files) declared.addFile(file);

  function fileByName(name: string | undefined): readonly Uint8Array[] | null {
    if (name === undefined || !byName.has(name)) return null;
    const found = new Set([name]);
    // A set grows while it is iterated: imports of imports come in turn.
    for (const each of found) for (const imported of byName.get(each)?.getDependencyList() ?? []) found.add(imported);
    return [...found].flatMap((each) => byName.get(each)?.serializeBinary() ?? []);
  }

  return {
    fileByName,
    fileContainingSymbol: (symbol) => fileByName(declared.fileOfSymbol.get(symbol)),
    fileContainingExtension: (type, number) => fileByName(declared.extensions.get(type)?.get(number)),
    extensionNumbers(type) {
      if (!declared.messages.has(type)) return null;
      return [...(declared.extensions.get(type)?.keys() ?? [])].sort((a, b) => a - b);
    },
  };
}

/** Everything files declare, with the name of the file. */
class Declarations {
  readonly fileOfSymbol = new Map<string, string>();
  readonly messages = new Set<string>();
  /** By the extended message and the field number. */
  readonly extensions = new Map<string, Map<number, string>>();
  #file = "";

  addFile(file: descriptor.FileDescriptorProto): void {
    this.#file = file.getName() ?? "";
    const scope = file.getPackage() ?? "";
    for (const message of file.getMessageTypeList()) this.#addMessage(scope, message);
    for (const type of file.getEnumTypeList()) this.#addEnum(scope, type);
    for (const extension of file.getExtensionList()) this.#addExtension(scope, extension);
    for (const service of file.getServiceList()) {
      const name = this.#add(scope, service.getName());
      for (const method of service.getMethodList()) this.#add(name, method.getName());
    }
  }

  #addMessage(scope: string, message: descriptor.DescriptorProto): void {
    const name = this.#add(scope, message.getName());
    this.messages.add(name);
    for (const field of message.getFieldList()) this.#add(name, field.getName());
    for (const oneof of message.getOneofDeclList()) this.#add(name, oneof.getName());
    for (const nested of message.getNestedTypeList()) this.#addMessage(name, nested);
    for (const type of message.getEnumTypeList()) this.#addEnum(name, type);
    for (const extension of message.getExtensionList()) this.#addExtension(name, extension);
  }

  /** The values of an enum stand beside it, not in it. */
  #addEnum(scope: string, type: descriptor.EnumDescriptorProto): void {
    this.#add(scope, type.getName());
    for (const value of type.getValueList()) this.#add(scope, value.getName());
  }

  #addExtension(scope: string, extension: descriptor.FieldDescriptorProto): void {
    this.#add(scope, extension.getName());
    const extended = (extension.getExtendee() ?? "").replace(/^\./, "");
    const numbers = this.extensions.get(extended) ?? new Map<number, string>();
    this.extensions.set(extended, numbers.set(extension.getNumber() ?? 0, this.#file));
  }

  #add(scope: string, name: string | undefined): string {
    const symbol = scope === "" ? (name ?? "") : `${scope}.${name ?? ""}`;
    this.fileOfSymbol.set(symbol, this.#file);
    return symbol;
  }
}
