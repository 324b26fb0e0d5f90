/**
 * envoy.service.ext_proc.v3.ProcessingRequest, read no further than needed: which phase it is, whether the direction
 * ends, and where headers, body, attributes and metadata lie. They are decoded when somebody asks.
 */
import { WireReader } from "../../../protobuf/reader.ts";
import { type BodyMode, type ProtocolConfig, toBodyMode } from "../body-mode.ts";
import { HeaderMap } from "./header-map.ts";
import type { Span } from "./span.ts";

/** The member of `oneof request`, by its field number; NONE for messages that only carry settings. */
export const Phase = {
  NONE: 0,
  REQUEST_HEADERS: 2,
  RESPONSE_HEADERS: 3,
  REQUEST_BODY: 4,
  RESPONSE_BODY: 5,
  REQUEST_TRAILERS: 6,
  RESPONSE_TRAILERS: 7,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Reads one message at a time into its own fields, so that a message costs no object. What is to be kept beyond the
 * next `read` is taken by `headers`, `body` and the like.
 */
export class ProcessingRequestReader {
  phase: Phase = Phase.NONE;
  /** True: this is the last message of its direction. Trailers always end theirs. */
  endOfStream = false;
  observability = false;
  protocolConfig: ProtocolConfig | null = null;
  #lastConfig: ProtocolConfig | null = null;
  readonly #reader = new WireReader();
  #bytes = NOTHING;
  /** Of the header map, or of the body's bytes. */
  #start = 0;
  #end = 0;
  #metadata: Span | null = null;
  #attributes: Span[] | null = null;

  /** @throws WireError when the bytes are no ProcessingRequest. */
  read(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    this.#bytes = bytes;
    this.phase = Phase.NONE;
    this.observability = false;
    this.protocolConfig = null;
    this.#metadata = null;
    this.#attributes = null;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      switch (tag) {
        case 0x12:
        case 0x1a:
        case 0x22:
        case 0x2a:
        case 0x32:
        case 0x3a:
          this.#readPhase((tag >> 3) as Phase);
          break;
        case 0x42: {
          const end = reader.delimited();
          if (end > reader.position) this.#metadata = { bytes, start: reader.position, end };
          reader.position = end;
          break;
        }
        case 0x4a: {
          const end = reader.delimited();
          (this.#attributes ??= []).push({ bytes, start: reader.position, end });
          reader.position = end;
          break;
        }
        case 0x50:
          this.observability = reader.bool();
          break;
        case 0x5a:
          this.#readProtocolConfig();
          break;
        default:
          reader.skip(tag);
      }
    }
  }

  /** What a headers or trailers phase carries. */
  headers(): HeaderMap {
    return new HeaderMap(this.#bytes, this.#start, this.#end);
  }

  /** The bytes of a body phase: a view of the received message, unless they came apart from it. */
  body(): Uint8Array {
    if (this.#start === 0 && this.#end === this.#bytes.length) return this.#bytes;
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Whether the message carries metadata or attributes. */
  get hasContext(): boolean {
    return this.#metadata !== null || this.#attributes !== null;
  }

  /** The body came beside the message just read. */
  takeBody(body: Uint8Array): void {
    this.#bytes = body;
    this.#start = 0;
    this.#end = body.length;
  }

  /** `metadata_context`, a core.v3.Metadata; null when it is empty. */
  metadata(): Span | null {
    return this.#metadata;
  }

  /** Entries of `attributes`, a map of Structs; null when there are none. */
  attributes(): readonly Span[] | null {
    return this.#attributes;
  }

  /** HttpHeaders, HttpBody or HttpTrailers: field 1 is what it carries, field 3 or 2 says whether more follows. */
  #readPhase(phase: Phase): void {
    const reader = this.#reader;
    const outerEnd = reader.enter();
    const endTag = phase <= Phase.RESPONSE_HEADERS ? 0x18 : 0x10;
    this.phase = phase;
    this.endOfStream = phase >= Phase.REQUEST_TRAILERS;
    this.#start = this.#end = reader.position;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 0x0a) {
        this.#end = reader.delimited();
        this.#start = reader.position;
        reader.position = this.#end;
      } else if (tag === endTag && phase < Phase.REQUEST_TRAILERS) this.endOfStream = reader.bool();
      else reader.skip(tag);
    }
    reader.leave(outerEnd);
  }

  #readProtocolConfig(): void {
    const reader = this.#reader;
    const outerEnd = reader.enter();
    let requestBodyMode = 0;
    let responseBodyMode = 0;
    let withoutWaiting = false;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 0x08) requestBodyMode = reader.uint32();
      else if (tag === 0x10) responseBodyMode = reader.uint32();
      else if (tag === 0x18) withoutWaiting = reader.bool();
      else reader.skip(tag);
    }
    reader.leave(outerEnd);
    this.protocolConfig = this.#configOf(toBodyMode(requestBodyMode), toBodyMode(responseBodyMode), withoutWaiting);
  }

  /** A proxy announces the same with every exchange. */
  #configOf(requestBodyMode: BodyMode, responseBodyMode: BodyMode, withoutWaiting: boolean): ProtocolConfig {
    const last = this.#lastConfig;
    const isLast =
      last !== null &&
      last.requestBodyMode === requestBodyMode &&
      last.responseBodyMode === responseBodyMode &&
      last.sendBodyWithoutWaitingForHeaderResponse === withoutWaiting;
    if (isLast) return last;
    const config = {
      requestBodyMode,
      responseBodyMode,
      sendBodyWithoutWaitingForHeaderResponse: withoutWaiting,
    };
    this.#lastConfig = config;
    return config;
  }
}
