/** One exchange as middleware sees it, without a proxy: what only a proxy knows is absent. */
import type { Attributes, Exchange, FetchServer, JsonValue, Metadata } from "../../../function/contract.ts";
import type { Logger } from "../../../telemetry/log.ts";
import { HttpRequestMessage } from "./message.ts";

export class HttpExchange implements Exchange {
  readonly request: HttpRequestMessage;
  readonly requestSeen = true;
  /** Without a proxy there is no access log for it. */
  details = "";
  readonly metadata: Metadata = new OwnMetadata();
  readonly #request: Request;
  readonly #server: FetchServer;
  readonly #log: Logger;
  readonly #startedAt = new Date();
  #id: string | null = null;
  #bound: Logger | null = null;

  constructor(request: Request, server: FetchServer, maxBodyBytes: number, log: Logger) {
    this.#request = request;
    this.#server = server;
    this.#log = log;
    this.request = new HttpRequestMessage(request, maxBodyBytes);
  }

  get id(): string {
    return (this.#id ??= this.#request.headers.get("x-request-id") ?? crypto.randomUUID());
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  get log(): Logger {
    return (this.#bound ??= this.#log.child({ exchange: this.id }));
  }

  get attributes(): Attributes {
    return new OwnAttributes(this.#describe());
  }

  clearRouteCache(): void {
    // There is one route.
  }

  /** Those of Envoy's attributes that are known here too. */
  #describe(): Record<string, JsonValue> {
    const { request } = this;
    const peer = this.#server.requestIP(this.#request);
    const [urlPath = "", query = ""] = request.path.split("?", 2);
    const texts = {
      "request.id": this.id,
      "request.path": request.path,
      "request.url_path": urlPath,
      "request.query": query,
      "request.host": request.authority,
      "request.scheme": request.scheme,
      "request.method": request.method,
      "request.time": this.#startedAt.toISOString(),
      "request.referer": request.headers.get("referer"),
      "request.useragent": request.headers.get("user-agent"),
    };
    const given = Object.entries(texts).filter(([, value]) => value !== null);
    return {
      ...Object.fromEntries(given),
      ...(peer !== null && { "source.address": `${peer.address}:${peer.port}`, "source.port": peer.port }),
    };
  }
}

class OwnAttributes {
  readonly #values: Readonly<Record<string, JsonValue>>;

  constructor(values: Readonly<Record<string, JsonValue>>) {
    this.#values = values;
  }

  get(name: string): never {
    // The overloads of `Attributes` say which type a name has.
    return this.#values[name] as never;
  }

  *[Symbol.iterator](): IterableIterator<[string, JsonValue]> {
    yield* Object.entries(this.#values);
  }
}

/** What a function sets it reads back; nobody else sees it. */
class OwnMetadata implements Metadata {
  readonly #values = new Map<string, JsonValue>();

  get(namespace: string, key: string): JsonValue | undefined {
    return this.#values.get(JSON.stringify([namespace, key]));
  }

  set(namespace: string, key: string, value: JsonValue): void {
    this.#values.set(JSON.stringify([namespace, key]), value);
  }

  initial(): undefined {
    return undefined;
  }
}
