/**
 * What triggers that are no proxies hand to a function, and what they get back: an HTTP request, a tick, a job's event, a
 * message. One form for all of them; each function contract turns it into what its handlers know.
 */

/** Field lines in arrival order, names in lower case. */
export type FieldLines = readonly (readonly [name: string, value: string])[];

export interface TriggerInfo {
  readonly kind: string;
  /** The key below `spec.triggers`. */
  readonly name: string;
}

export interface FunctionEvent {
  /** The trigger's own id of it, else a fresh UUID. */
  readonly id: string;
  readonly trigger: TriggerInfo;
  /** When it arrived or was due. */
  readonly timestamp: Date;
  /** HTTP method; "" where the trigger has none. */
  readonly method: string;
  /** As sent: percent-encoded, without the query; "" where the trigger has none. */
  readonly path: string;
  /** Without the question mark; "" when there is none. */
  readonly query: string;
  readonly headers: FieldLines;
  /** Whole. Not changed by anybody: what is handed to a handler is a copy or stays untouched. */
  readonly body: Uint8Array;
  /** Absolute URL of the request, or the broker's; "" where the trigger has none. */
  readonly url: string;
  /** IP address of the client; absent where the trigger has none. */
  readonly remoteAddress?: string;
}

/** What an event came to. */
export interface EventResult {
  /** 100 to 599. Where the trigger is no HTTP server, 2xx is success. */
  readonly status: number;
  readonly headers: FieldLines;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
}
