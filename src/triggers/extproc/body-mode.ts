/** How Envoy sends a body: `BodySendMode` of envoy.extensions.filters.http.ext_proc.v3.ProcessingMode. */
import type { BodyDelivery } from "./digital-hub/contract.ts";

export const BodyMode = {
  NONE: 0,
  STREAMED: 1,
  BUFFERED: 2,
  BUFFERED_PARTIAL: 3,
  FULL_DUPLEX_STREAMED: 4,
  GRPC: 5,
} as const;
export type BodyMode = (typeof BodyMode)[keyof typeof BodyMode];

/** What the proxy announces with its first message: `ProtocolConfiguration` of envoy.service.ext_proc.v3. */
export interface ProtocolConfig {
  readonly requestBodyMode: BodyMode;
  readonly responseBodyMode: BodyMode;
  readonly sendBodyWithoutWaitingForHeaderResponse: boolean;
}

/** Modes this processor does not know are taken for NONE: their bodies pass unseen. */
export function toBodyMode(value: number): BodyMode {
  return value >= 0 && value <= 5 ? (value as BodyMode) : BodyMode.NONE;
}

/** How a body in that mode reaches a function that does not ask for it. */
export function bodyDelivery(mode: BodyMode, bodiless: boolean): BodyDelivery {
  if (bodiless || mode === BodyMode.NONE) return "none";
  return mode === BodyMode.BUFFERED || mode === BodyMode.BUFFERED_PARTIAL ? "whole" : "streamed";
}
