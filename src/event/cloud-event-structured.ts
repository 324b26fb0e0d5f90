/** A CloudEvent that is the body, as JSON. */
import { badCloudEvent, parseTime } from "./bad-event.ts";
import type { CloudEvent, CloudEventData } from "./cloud-event.ts";

type Members = Readonly<Record<string, unknown>>;

export function readStructuredEvent(body: Uint8Array): CloudEvent {
  const members = parseObject(body);
  return "specversion" in members ? fromVersion1(members) : fromVersion01(members);
}

function parseObject(body: Uint8Array): Members {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(body));
  } catch (cause) {
    throw badCloudEvent(500, `is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw badCloudEvent(500, "is no JSON object; batches are not served");
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Nothing is demanded; what has another type is taken as absent. */
function fromVersion01(members: Members): CloudEvent {
  const { data, extensions } = members;
  return {
    mode: "structured",
    version: textOf(members["cloudEventsVersion"]),
    id: textOf(members["eventID"]),
    source: textOf(members["source"]),
    type: textOf(members["eventType"]),
    typeVersion: textOf(members["eventTypeVersion"]),
    time: parseTime(textOf(members["eventTime"])),
    subject: "",
    dataSchema: textOf(members["schemaURL"]),
    contentType: textOf(members["contentType"]),
    data: data === undefined || data === null || typeof data === "string" ? bytes(textOf(data)) : json(data),
    extensions: typeof extensions === "object" && extensions !== null ? { ...extensions } : {},
  };
}

const CONTEXT_OF_1 = new Set(
  ["specversion", "id", "source", "type", "time", "subject"].concat([
    "dataschema",
    "datacontenttype",
    "data",
    "data_base64",
  ]),
);

function fromVersion1(members: Members): CloudEvent {
  for (const name of ["specversion", "id", "source", "type"]) {
    if (textOf(members[name]) === "") throw badCloudEvent(400, `lacks the attribute "${name}", which must be a text`);
  }
  for (const name of ["time", "subject", "dataschema", "datacontenttype"]) {
    const value = members[name];
    if (value === undefined || value === null || typeof value === "string") continue;
    throw badCloudEvent(400, `has an attribute "${name}" that is no text`);
  }
  const data = dataOf1(members, textOf(members["datacontenttype"]));
  return {
    mode: "structured",
    version: textOf(members["specversion"]),
    id: textOf(members["id"]),
    source: textOf(members["source"]),
    type: textOf(members["type"]),
    typeVersion: "",
    time: timeOf(members["time"]),
    subject: textOf(members["subject"]),
    dataSchema: textOf(members["dataschema"]),
    // Without a type the data is JSON (JSON event format 3.1).
    contentType: textOf(members["datacontenttype"]) || (data.kind === "json" ? "application/json" : ""),
    data,
    extensions: Object.fromEntries(Object.entries(members).filter(([name]) => !CONTEXT_OF_1.has(name))),
  };
}

/** JSON event format 3.1.1: text is the data itself unless the type of the data is JSON. */
function dataOf1({ data, data_base64: base64 }: Members, contentType: string): CloudEventData {
  if (base64 !== undefined && base64 !== null) {
    if (data !== undefined && data !== null) throw badCloudEvent(400, "has both data and data_base64");
    if (typeof base64 !== "string" || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64)) {
      throw badCloudEvent(400, "has data_base64 that is no base64");
    }
    return { kind: "bytes", bytes: Buffer.from(base64, "base64") };
  }
  if (data === undefined || data === null) return bytes("");
  return typeof data === "string" && !isJson(contentType) ? bytes(data) : json(data);
}

function isJson(contentType: string): boolean {
  return contentType === "" || /^[^;]*[/+]json\s*(;|$)/i.test(contentType);
}

function timeOf(value: unknown): Date | null {
  if (value === undefined || value === null) return null;
  const time = parseTime(textOf(value));
  if (time === null) throw badCloudEvent(400, `has an attribute "time" that is no time of RFC 3339`);
  return time;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function bytes(text: string): CloudEventData {
  return { kind: "bytes", bytes: Buffer.from(text) };
}

function json(value: unknown): CloudEventData {
  return { kind: "json", value };
}
