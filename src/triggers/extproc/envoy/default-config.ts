/** The filter as Envoy runs it when nothing is configured but the server. */
import { BodyMode } from "../body-mode.ts";
import type { EnvoyConfig } from "./contract.ts";

export const defaultEnvoyConfig: EnvoyConfig = {
  requestHeaders: "SEND",
  responseHeaders: "SEND",
  requestBody: BodyMode.NONE,
  responseBody: BodyMode.NONE,
  requestTrailers: "SKIP",
  responseTrailers: "SKIP",
  sendBodyWithoutWaitingForHeaderResponse: false,
  allowModeOverride: false,
  failureModeAllow: false,
  disableImmediateResponse: false,
  observabilityMode: false,
  allowRouting: false,
  allowEnvoyHeaders: false,
  maxMessageTimeoutMs: 0,
  bufferLimitBytes: 1_048_576,
  attributes: {},
  metadata: {},
};
