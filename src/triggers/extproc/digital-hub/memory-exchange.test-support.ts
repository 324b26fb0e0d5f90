/** An exchange in memory: what the handler would see and what the proxy would be told. */
import { MemoryLog } from "../../../function/memory-log.test-support.ts";
import type { Attributes, Metadata, MiddlewareResult } from "../../../function/contract.ts";
import { ExchangeError, type ExchangeErrorCode } from "../../../function/errors.ts";
import { FieldList, type HeaderChanges, type HeaderGuard } from "../../../function/header-list.ts";
import type { BodyDelivery, ProcessedExchange, ProcessedRequest, ProcessedResponse, Processor } from "./contract.ts";

export interface MemoryMessageInit {
  readonly headers?: readonly string[];
  /** Absent: the message has no body, unless `delivery` says that it has one that does not come. */
  readonly body?: string | ExchangeError;
  readonly delivery?: BodyDelivery;
}

export interface MemoryExchangeInit {
  /** Null: the exchange begins with the response. */
  readonly request?: (MemoryMessageInit & { readonly path?: string; readonly method?: string }) | null;
  /** Null: the proxy ends the exchange after the request. */
  readonly response?: (MemoryMessageInit & { readonly status?: number }) | null;
}

/** What became of a message; null and undefined: as it was. */
export interface MessageOutcome {
  readonly headers: HeaderChanges | null;
  readonly body?: string;
  readonly status?: number;
}

export interface ExchangeOutcome {
  /** Undefined: the function did not look at the response. */
  readonly request: MessageOutcome;
  readonly response?: MessageOutcome;
  readonly answer?: { readonly status: number; readonly headers: string[][]; readonly body: string };
  readonly error?: unknown;
  readonly log: MemoryLog["lines"];
}

/** Runs one exchange to its end. */
export async function runExchange(processor: Processor, init: MemoryExchangeInit = {}): Promise<ExchangeOutcome> {
  const log = new MemoryLog();
  const requestInit = init.request === undefined ? {} : init.request;
  const request = new MemoryRequest(requestInit ?? {});
  const response = new MemoryResponse(init.response ?? {});
  let nextCalled = false;
  const exchange: ProcessedExchange = {
    id: "exchange-1",
    request,
    requestSeen: requestInit !== null,
    attributes: null as unknown as Attributes,
    metadata: null as unknown as Metadata,
    signal: new AbortController().signal,
    log,
    details: "",
    clearRouteCache() {},
  };
  const next = async (): Promise<ProcessedResponse> => {
    nextCalled = true;
    request.headers.guard = refuse("REQUEST_SENT");
    await Promise.resolve();
    if (init.response === null) throw new ExchangeError("NO_RESPONSE", "the proxy ended the exchange");
    return response;
  };
  let result: MiddlewareResult = undefined;
  let error: unknown;
  try {
    result = await processor(exchange, next);
  } catch (thrown) {
    error = thrown;
  }
  return {
    request: request.outcome(),
    ...(nextCalled ? { response: response.outcome() } : {}),
    ...(result instanceof Response
      ? {
          answer: {
            status: result.status,
            headers: [...result.headers].map((line) => [...line]),
            body: await result.text(),
          },
        }
      : {}),
    ...(error === undefined ? {} : { error }),
    log: log.lines,
  };
}

class MemoryMessage {
  readonly headers: FieldList;
  readonly bodyDelivery: BodyDelivery;
  readonly trailers = Promise.resolve(null);
  readonly #init: MemoryMessageInit;
  #assigned: Uint8Array | undefined;

  constructor(init: MemoryMessageInit) {
    this.#init = init;
    this.headers = new FieldList(init.headers);
    this.bodyDelivery = init.delivery ?? (init.body === undefined ? "none" : "whole");
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#init.body === undefined && this.#init.delivery === undefined ? null : new ReadableStream();
  }

  set body(value: ReadableStream<Uint8Array> | Uint8Array | string | null) {
    if (!(value instanceof Uint8Array)) throw new Error("only bytes are expected here");
    this.#assigned = value;
  }

  async bytes(): Promise<Uint8Array> {
    await Promise.resolve();
    const { body, delivery } = this.#init;
    if (body instanceof ExchangeError) throw body;
    if (body === undefined) throw new Error("read although no body comes");
    if (delivery === "streamed") this.headers.guard = refuse("HEADERS_SENT");
    return Buffer.from(body);
  }

  async text(): Promise<string> {
    return Buffer.from(await this.bytes()).toString();
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  outcome(): MessageOutcome {
    const headers = this.headers.changes();
    return this.#assigned === undefined ? { headers } : { headers, body: Buffer.from(this.#assigned).toString() };
  }
}

class MemoryRequest extends MemoryMessage implements ProcessedRequest {
  path: string;
  method: string;
  authority = "example.com";
  readonly scheme = "http";

  constructor(init: MemoryMessageInit & { readonly path?: string; readonly method?: string }) {
    super(init);
    this.path = init.path ?? "/";
    this.method = init.method ?? "GET";
  }

  get url(): URL {
    return new URL(this.path, `${this.scheme}://${this.authority}`);
  }
}

class MemoryResponse extends MemoryMessage implements ProcessedResponse {
  readonly #received: number;
  status: number;

  constructor(init: MemoryMessageInit & { readonly status?: number }) {
    super(init);
    this.status = this.#received = init.status ?? 200;
  }

  override outcome(): MessageOutcome {
    const outcome = super.outcome();
    return this.status === this.#received ? outcome : { ...outcome, status: this.status };
  }
}

/** A guard that lets no header change. */
function refuse(code: ExchangeErrorCode): HeaderGuard {
  return (name) => {
    throw new ExchangeError(code, `header "${name}" cannot be changed`);
  };
}
