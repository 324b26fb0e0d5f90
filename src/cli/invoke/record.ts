/** What an exchange came to: the messages as upstream and client got them, and what Envoy holds against the processor. */
import type { EnvoyEvent, HeaderField, ProcessorRequest, RequestPhase, Verdict } from "./envoy/model.ts";
import type { DecodedResponse } from "./decode-response.ts";

/** A message at its receiver. */
export interface ReceivedMessage {
  fields: readonly HeaderField[] | null;
  readonly chunks: Uint8Array[];
  trailers: readonly HeaderField[] | null;
  ended: boolean;
  /** Cut off before its end. */
  reset: boolean;
}

export type Step =
  | { readonly kind: "sent"; readonly message: ProcessorRequest }
  | { readonly kind: "received"; readonly response: DecodedResponse }
  | { readonly kind: "verdict"; readonly verdict: Verdict; readonly text: string }
  /** The processor ended the stream. */
  | { readonly kind: "status"; readonly code: number; readonly message: string };

export interface ExchangeRecord {
  readonly steps: readonly Step[];
  readonly upstream: ReceivedMessage;
  readonly client: ReceivedMessage;
  /** RESPONSE_CODE_DETAILS of a response that is Envoy's own; null when it came from upstream or was streamed. */
  readonly details: string | null;
}

export class Recorder implements ExchangeRecord {
  readonly steps: Step[] = [];
  readonly upstream = nothingReceived();
  readonly client = nothingReceived();
  details: string | null = null;
  readonly #onStep: (step: Step) => void;

  constructor(onStep: (step: Step) => void) {
    this.#onStep = onStep;
  }

  step(step: Step): void {
    this.steps.push(step);
    this.#onStep(step);
  }

  /** Takes what concerns the two ends; `send` and `close` are the player's. */
  take(event: EnvoyEvent): void {
    switch (event.kind) {
      case "forward":
        append(event.side === "request" ? this.upstream : this.client, event.part);
        return;
      case "localReply":
        this.details = event.details;
        this.#giveUpRequest();
        append(this.client, {
          kind: "headers",
          fields: [[":status", String(event.status)], ...event.fields],
          endOfStream: event.body.length === 0,
        });
        if (event.body.length > 0) append(this.client, { kind: "body", bytes: event.body, endOfStream: true });
        return;
      case "resetClient":
        this.details = event.details;
        this.#giveUpRequest();
        this.client.reset = this.client.ended = true;
        return;
      case "verdict":
        return this.step(event);
      case "send":
        return this.step({ kind: "sent", message: event.message });
      case "close":
      case "clearRouteCache":
    }
  }

  #giveUpRequest(): void {
    if (this.upstream.fields !== null && !this.upstream.ended) this.upstream.reset = true;
  }
}

/** Faults that are the processor's, as Envoy's statistics count them, and exchanges that came to no good end. */
const FAULTS: ReadonlySet<Verdict> = new Set<Verdict>([
  "spurious",
  "mutationError",
  "contentLengthMismatch",
  "messageTimeout",
  "streamError",
  "tooLarge",
  "brokenEnd",
  "lostBytes",
]);

export function isFault(verdict: Verdict): boolean {
  return FAULTS.has(verdict);
}

/** The exchange ran to its end and nothing was wrong with the answers. */
export function isCompleted({ steps, client }: ExchangeRecord): boolean {
  const faulty = steps.some((step) => step.kind === "verdict" && isFault(step.verdict));
  return !faulty && client.ended && !client.reset;
}

function nothingReceived(): ReceivedMessage {
  return { fields: null, chunks: [], trailers: null, ended: false, reset: false };
}

function append(message: ReceivedMessage, part: RequestPhase): void {
  if (part.kind === "headers") message.fields = part.fields;
  else if (part.kind === "trailers") message.trailers = part.fields;
  else if (part.bytes.length > 0) message.chunks.push(part.bytes);
  message.ended = part.kind === "trailers" || part.endOfStream;
}
