/** What a trigger hands over, as the event of Nuclio's handlers. Every event is made anew: nothing passes to the next. */
import { type CloudEvent, readCloudEvent } from "../../event/cloud-event.ts";
import type { FieldLines, FunctionEvent } from "../../event/contract.ts";
import type { NuclioEvent } from "../contract.ts";
import { createEvent } from "./event.ts";

/**
 * The data of a structured CloudEvent where it is JSON. Handlers in JavaScript get it as `event.body`, encoded; those in
 * languages whose events carry objects get the object.
 */
export const structuredData = Symbol("structuredData");

export type ConvertedEvent = NuclioEvent & { readonly [structuredData]?: unknown };

/**
 * Header names are written canonically (`X-Request-Id`), the last of a query's repeated names counts, `path` is decoded
 * and normalised.
 * @throws EventError `BAD_EVENT`
 */
export function toNuclioEvent(event: FunctionEvent): ConvertedEvent {
  const plain = toPlainEvent(event);
  const cloudEvent = readCloudEvent(event);
  return cloudEvent === null ? plain : withCloudEvent(plain, cloudEvent);
}

function toPlainEvent(event: FunctionEvent): NuclioEvent {
  const headers = toHeaders(event.headers);
  return createEvent({
    id: event.id,
    body: event.body,
    contentType: headers["Content-Type"] ?? "",
    trigger: { kind: event.trigger.kind, name: event.trigger.name },
    fields: Object.fromEntries(new URLSearchParams(event.query)),
    headers,
    method: event.method,
    path: decodePath(event.path),
    url: event.trigger.kind === "http" ? "" : event.url,
    timestamp: event.timestamp,
  });
}

/** Version 0.1 as Nuclio maps it: structured events bring their extensions in place of the headers, and a time of their own, even if it is none. */
function withCloudEvent(event: NuclioEvent, cloudEvent: CloudEvent): ConvertedEvent {
  const { mode, data, source, subject } = cloudEvent;
  const bytes = data.kind === "bytes" ? data.bytes : Buffer.from(JSON.stringify(data.value));
  const type = mode === "structured" ? cloudEvent.contentType : event.content_type;
  const isVersion1 = cloudEvent.version.startsWith("1");
  return {
    ...event,
    id: cloudEvent.id || event.id,
    body: Buffer.from(bytes),
    size: data.kind === "bytes" ? bytes.byteLength : 0,
    content_type: type,
    "content-type": type,
    trigger: { kind: source, name: mode === "structured" || isVersion1 ? source : subject },
    headers:
      mode === "binary" ? event.headers : isVersion1 ? asBinary(event, cloudEvent) : toTexts(cloudEvent.extensions),
    timestamp: cloudEvent.time ?? (isVersion1 ? event.timestamp : new Date(0)),
    type: cloudEvent.type,
    type_version: cloudEvent.typeVersion,
    version: cloudEvent.version,
    ...(data.kind === "json" && { [structuredData]: data.value }),
  };
}

/** The headers a structured event would have had in binary mode, so that handlers need to know one mode only. */
function asBinary(event: NuclioEvent, cloudEvent: CloudEvent): Record<string, string> {
  const { version, id, source, type, time, subject, dataSchema, contentType, extensions } = cloudEvent;
  const attributes = { specversion: version, id, source, type, time: time?.toISOString() ?? "", subject };
  const lines = Object.entries({ ...toTexts(extensions), ...attributes, dataschema: dataSchema });
  const given = lines.filter(([, value]) => value !== "");
  return {
    ...event.headers,
    ...Object.fromEntries(given.map(([name, value]) => [canonicalName(`ce-${name}`), value])),
    "Content-Type": contentType,
  };
}

function toHeaders(lines: FieldLines): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) headers[canonicalName(name)] = value;
  return headers;
}

function toTexts(members: Readonly<Record<string, unknown>>): Record<string, string> {
  const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, text(value)]));
}

/** Names come from clients: only so many are kept. */
const canonicalNames = new Map<string, string>();
const KEPT_NAMES = 512;

function canonicalName(name: string): string {
  const known = canonicalNames.get(name);
  if (known !== undefined) return known;
  const canonical = name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
  if (canonicalNames.size < KEPT_NAMES) canonicalNames.set(name, canonical);
  return canonical;
}

/** `/a//b/../c%20d` is `/a/c d`; what is no percent-encoded UTF-8 stays as it is. */
function decodePath(path: string): string {
  if (!/%|\/\/|\/\./.test(path)) return path;
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // Left as it came: the handler may know better.
  }
  const segments: string[] = [];
  for (const segment of decoded
    .replace(/\/{2,}/g, "/")
    .split("/")
    .slice(1)) {
    if (segment === "..") segments.pop();
    else if (segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}
