/** Envoy's own defaults for the ext_proc filter: where a played configuration starts from. */
import type { EnvoyConfig } from "./model.ts";

export const defaultEnvoyConfig: EnvoyConfig = {
  version: "1.40",
  processingMode: {
    requestHeaderMode: "SEND",
    responseHeaderMode: "SEND",
    requestBodyMode: "NONE",
    responseBodyMode: "NONE",
    requestTrailerMode: "SKIP",
    responseTrailerMode: "SKIP",
  },
  sendBodyWithoutWaitingForHeaderResponse: false,
  allowModeOverride: false,
  failureModeAllow: false,
  disableImmediateResponse: false,
  observabilityMode: false,
  statusOnError: 500,
  messageTimeoutMs: 200,
  maxMessageTimeoutMs: 0,
  mutationRules: {
    allowAllRouting: false,
    allowEnvoy: false,
    disallowSystem: false,
    disallowAll: false,
    disallowIsError: false,
  },
  bufferLimitBytes: 1_048_576,
};
