/** Sends events to Kyma's publisher proxy. */
import { STATUS_CODES } from "node:http";

/** What the publisher proxy answered. */
export interface PublishResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
}

/** The proxy refused the event. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly response: PublishResponse;
  constructor(response: PublishResponse) {
    super(`the publisher proxy answered with status ${response.status}`);
    this.response = response;
  }
}

export type Publisher = (event: unknown, contentType: string) => Promise<PublishResponse>;

/**
 * @param address `PUBLISHER_PROXY_ADDRESS`
 * @returns rejects with a `PublishError` for a status that is no success, else with what keeps the event from arriving
 */
export function createPublisher(address: string | undefined): Publisher {
  return async (event, contentType) => {
    if (address === undefined || address === "") {
      throw new Error("PUBLISHER_PROXY_ADDRESS is not set: there is nowhere to send events to");
    }
    const sent = await fetch(address, {
      method: "POST",
      headers: { "content-type": contentType },
      body: JSON.stringify(event),
    });
    const response: PublishResponse = {
      status: sent.status,
      statusText: sent.statusText || (STATUS_CODES[sent.status] ?? ""),
      headers: Object.fromEntries(sent.headers),
      data: parseData(await sent.text()),
    };
    if (!sent.ok) throw new PublishError(response);
    return response;
  };
}

/** A CloudEvent 1.0 with `data`; `attributes` go over what it would have by itself. */
export function makeCloudEvent(type: string, source: string, data: unknown, attributes: object): object {
  const contentType = contentTypeOf(data);
  return {
    specversion: "1.0",
    id: crypto.randomUUID(),
    time: new Date().toISOString(),
    type,
    source,
    ...(contentType !== undefined && { datacontenttype: contentType }),
    ...attributes,
    ...dataMember(data),
  };
}

/** By the kind of the data; undefined where the kind says nothing. */
export function contentTypeOf(data: unknown): string | undefined {
  if (typeof data === "string") return "text/plain";
  return typeof data === "object" ? "application/json" : undefined;
}

/** Bytes have no form in JSON but base64 (CloudEvents 1.0, JSON format 3.1.1). */
function dataMember(data: unknown): object {
  if (!ArrayBuffer.isView(data)) return { data };
  return { data_base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
}

function parseData(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Answers need not be JSON.
    return text;
  }
}
