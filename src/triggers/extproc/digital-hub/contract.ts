/** What the Digital Hub types need of an exchange, and what they give to the session that runs it. */
import type {
  Exchange,
  FunctionLog,
  HeaderList,
  MiddlewareResult,
  RequestMessage,
  ResponseMessage,
} from "../../../function/contract.ts";

/**
 * How the body of a message comes: "none" when it has none or the body mode is NONE; "whole" in BUFFERED and
 * BUFFERED_PARTIAL; "streamed" in STREAMED and FULL_DUPLEX_STREAMED. Known with the headers.
 */
export type BodyDelivery = "none" | "whole" | "streamed";

/** The part of a message that a handler is called with. */
export interface ReadableMessage {
  readonly headers: HeaderList;
  readonly bodyDelivery: BodyDelivery;
  /** The whole body, decoded. Rejects with an `ExchangeError` when it does not come whole or within the limits. */
  bytes(): Promise<Uint8Array>;
}

export interface ProcessedRequest extends RequestMessage {
  readonly bodyDelivery: BodyDelivery;
}

export interface ProcessedResponse extends ResponseMessage {
  readonly bodyDelivery: BodyDelivery;
}

export interface ProcessedExchange extends Exchange {
  readonly request: ProcessedRequest;
}

/** The types that may change the exchange: run by the session exactly as middleware is. */
export type Processor = (
  exchange: ProcessedExchange,
  next: () => Promise<ProcessedResponse>,
) => MiddlewareResult | Promise<MiddlewareResult>;

/** A message that has gone on: nothing written to it has an effect, and nobody waits for what is done with it. */
export interface MessageCopy extends ReadableMessage {
  readonly exchangeId: string;
  readonly direction: "request" | "response";
  /** Path with query and method of the request, also on its response; "" when it was not seen. */
  readonly path: string;
  readonly method: string;
  /** Bound to the exchange's id. */
  readonly log: FunctionLog;
}

/**
 * The type that only looks. The session answers every message unchanged at once, and once the headers of a direction
 * were answered hands over one copy of it, whose `bytes()` resolves when the body has passed.
 */
export interface Observer {
  /** True when the next copy would be dropped: the session may spare itself making one and call `drop`. */
  readonly full: boolean;
  /** Takes a copy; returns at once and never throws. */
  observe(copy: MessageCopy): void;
  /** Counts a copy that was not made. */
  drop(): void;
  /** Handlers that have not settled. */
  readonly pending: number;
  /** Resolves when none is pending: for drain. */
  idle(): Promise<void>;
}

/** What becomes of observers, for the metrics. */
export interface ObserverEvents {
  dropped(): void;
  failed(error: unknown, copy: MessageCopy): void;
}

export type DigitalHubFunction =
  { readonly kind: "processor"; readonly run: Processor } | { readonly kind: "observer"; readonly observer: Observer };
