/** What surrounds an exchange: its id, Envoy's attributes and metadata, decoded when asked for, and metadata to send back. */
import type { JsonValue } from "../../function/contract.ts";
import type { ProcessingRequestReader } from "./wire/processing-request.ts";
import { copySpan, type Span } from "./wire/span.ts";
import { decodeMetadata, decodeStructEntries, encodeStruct } from "./wire/struct.ts";

type JsonObject = { [key: string]: JsonValue };

/** The one key under which Envoy sends attributes. */
const ATTRIBUTES_KEY = "envoy.filters.http.ext_proc";
const NO_ATTRIBUTES: Readonly<JsonObject> = Object.freeze(Object.create(null));

export class ExchangeContext {
  #attributeSpans: Span[] | null = null;
  #attributes: JsonObject | null = null;
  #metadataSpan: Span | null = null;
  #metadata: Map<string, JsonObject> | null = null;
  #outgoing: { [namespace: string]: JsonObject } | null = null;

  /** Keeps what a message carries beside its phase. */
  take(reader: ProcessingRequestReader): void {
    const attributes = reader.attributes();
    if (attributes !== null) {
      // Each direction brings its own; those of the response come on top.
      (this.#attributeSpans ??= []).push(...attributes.map(owned));
      this.#attributes = null;
    }
    const metadata = reader.metadata();
    if (metadata !== null) {
      this.#metadataSpan = owned(metadata);
      this.#metadata = null;
    }
  }

  /** Attributes by name, e.g. "source.address". */
  attributes(): Readonly<JsonObject> {
    if (this.#attributeSpans === null) return NO_ATTRIBUTES;
    if (this.#attributes === null) {
      const all: JsonObject = Object.create(null);
      for (const span of this.#attributeSpans) {
        Object.assign(all, decodeStructEntries([span]).get(ATTRIBUTES_KEY));
      }
      this.#attributes = all;
    }
    return this.#attributes;
  }

  /** A value of the metadata Envoy forwards. */
  metadata(namespace: string, key: string): JsonValue | undefined {
    if (this.#metadataSpan === null) return undefined;
    this.#metadata ??= decodeMetadata(this.#metadataSpan);
    return this.#metadata.get(namespace)?.[key];
  }

  setMetadata(namespace: string, key: string, value: JsonValue): void {
    const outgoing = (this.#outgoing ??= Object.create(null) as { [namespace: string]: JsonObject });
    (outgoing[namespace] ??= Object.create(null) as JsonObject)[key] = value;
  }

  /** The metadata set since the last call as a serialised Struct; null when there is none. */
  takeOutgoingMetadata(): Uint8Array | null {
    if (this.#outgoing === null) return null;
    const encoded = encodeStruct(this.#outgoing);
    this.#outgoing = null;
    return encoded;
  }
}

/** A copy: these are small, live as long as the exchange, and would keep a whole received chunk alive. */
function owned(span: Span): Span {
  const bytes = copySpan(span);
  return { bytes, start: 0, end: bytes.length };
}
