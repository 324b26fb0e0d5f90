/** Header `processing-phase` of an event: which part of the exchange a Digital Hub handler is called for. */
import type { BodyDelivery } from "./contract.ts";

/** Trailers are phases 3 and 6: no handler is called for them. */
export const ProcessingPhase = {
  REQUEST_HEADERS: "1",
  REQUEST_BODY: "2",
  RESPONSE_HEADERS: "4",
  RESPONSE_BODY: "5",
} as const;
export type ProcessingPhase = (typeof ProcessingPhase)[keyof typeof ProcessingPhase];

/** A message is processed once: with its headers when no body comes, else when the whole body is there. */
export function phaseOf(direction: "request" | "response", withBody: boolean): ProcessingPhase {
  if (direction === "request") return withBody ? ProcessingPhase.REQUEST_BODY : ProcessingPhase.REQUEST_HEADERS;
  return withBody ? ProcessingPhase.RESPONSE_BODY : ProcessingPhase.RESPONSE_HEADERS;
}

/** @param collectStreamed `processingOptions.bufferStreamedBodies`: whether bodies that come in pieces are waited for. */
export function comesWithBody(delivery: BodyDelivery, collectStreamed: boolean): boolean {
  return delivery === "whole" || (delivery === "streamed" && collectStreamed);
}
