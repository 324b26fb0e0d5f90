/** A CloudEvent whose attributes are headers and whose data is the body. */
import { badCloudEvent, parseTime } from "./bad-event.ts";
import type { CloudEvent } from "./cloud-event.ts";
import type { FunctionEvent } from "./contract.ts";

const CONTEXT_OF_1 = new Set(["specversion", "id", "source", "type", "time", "subject", "dataschema"]);
const CONTEXT_OF_01 = new Set([
  "cloudeventsversion",
  "eventid",
  "source",
  "name",
  "eventtime",
  "eventtype",
  "eventtypeversion",
  "schemaurl",
]);

/** @param event Has one of the two headers that name the version. */
export function readBinaryEvent(event: Pick<FunctionEvent, "headers" | "body">, contentType: string): CloudEvent {
  const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of event.headers) if (name.startsWith("ce-")) attributes[name.slice(3)] = value;
  const data = { kind: "bytes", bytes: event.body } as const;
  return "specversion" in attributes
    ? { ...fromVersion1(attributes), contentType, data }
    : { ...fromVersion01(attributes), contentType, data };
}

type Attributes = Readonly<Record<string, string>>;
type Context = Omit<CloudEvent, "contentType" | "data">;

function fromVersion01(attributes: Attributes): Context {
  return {
    mode: "binary",
    version: attributes["cloudeventsversion"] ?? "",
    id: attributes["eventid"] ?? "",
    source: attributes["source"] ?? "",
    type: attributes["eventtype"] ?? "",
    typeVersion: attributes["eventtypeversion"] ?? "",
    time: parseTime(attributes["eventtime"] ?? ""),
    subject: attributes["name"] ?? "",
    dataSchema: attributes["schemaurl"] ?? "",
    extensions: extensionsOf(attributes, CONTEXT_OF_01),
  };
}

function fromVersion1(sent: Attributes): Context {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(sent)) attributes[name] = decodeValue(name, value);
  for (const name of ["specversion", "id", "source", "type"]) {
    if ((attributes[name] ?? "") === "") throw badCloudEvent(400, `lacks the header "ce-${name}"`);
  }
  const { time: written } = attributes;
  const time = written === undefined ? null : parseTime(written);
  if (written !== undefined && time === null) {
    throw badCloudEvent(400, 'has a header "ce-time" that is no time of RFC 3339');
  }
  return {
    mode: "binary",
    version: attributes["specversion"] ?? "",
    id: attributes["id"] ?? "",
    source: attributes["source"] ?? "",
    type: attributes["type"] ?? "",
    typeVersion: "",
    time,
    subject: attributes["subject"] ?? "",
    dataSchema: attributes["dataschema"] ?? "",
    extensions: extensionsOf(attributes, CONTEXT_OF_1),
  };
}

/** HTTP protocol binding 3.1.3.2: values are percent-encoded UTF-8. */
function decodeValue(name: string, value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw badCloudEvent(400, `has a header "ce-${name}" that is not percent-encoded UTF-8`, cause);
  }
}

function extensionsOf(attributes: Attributes, context: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !context.has(name)));
}
