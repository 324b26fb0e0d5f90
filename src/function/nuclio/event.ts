/** The event a Nuclio handler is called with. */
import type { NuclioEvent } from "../contract.ts";

/** What a trigger knows of an event; everything else has the value Nuclio gives when there is none. */
export interface EventInit {
  /** Default: a fresh one. */
  readonly id?: string;
  readonly trigger: NuclioEvent["trigger"];
  /** Copied: what a handler does to its event must not reach the message that goes on. */
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Default: the header `content-type`, "" when there is none. */
  readonly contentType?: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly url: string;
  readonly timestamp: Date;
}

/** Every event has an id of its own. */
export function createEvent(init: EventInit): NuclioEvent {
  const contentType = init.contentType ?? init.headers["content-type"] ?? "";
  return {
    id: init.id ?? crypto.randomUUID(),
    body: Buffer.from(init.body),
    content_type: contentType,
    "content-type": contentType,
    trigger: init.trigger,
    fields: init.fields,
    headers: init.headers,
    method: init.method,
    path: init.path,
    url: init.url,
    timestamp: init.timestamp,
    size: init.body.byteLength,
    shard_id: -1,
    num_shards: 0,
    type: "",
    type_version: "",
    version: "",
    offset: 0,
    topic: "",
  };
}
