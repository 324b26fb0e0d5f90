/**
 * Bodies Envoy does not send by itself are asked for with `mode_override` in the answer to the headers. Only BUFFERED
 * works reliably that way; an override that names one body mode must name both, an absent one would mean NONE.
 */
import { BodyMode, type ProtocolConfig } from "./body-mode.ts";
import type { ModeOverride } from "./wire/processing-response.ts";

/** The override that brings the body of that direction, or why Envoy would not heed one. */
export function overrideFor(
  isRequest: boolean,
  config: ProtocolConfig | null,
): ModeOverride | { readonly refusal: string } {
  const which = isRequest ? "request" : "response";
  const mend = `set ${which}_body_mode: BUFFERED in processing_mode of Envoy's ext_proc filter`;
  if (config === null) {
    return { refusal: `the proxy did not announce its body modes, so the ${which} body cannot be asked for: ${mend}` };
  }
  const { requestBodyMode, responseBodyMode } = config;
  if (config.sendBodyWithoutWaitingForHeaderResponse) {
    return { refusal: `send_body_without_waiting_for_header_response rules out asking for the ${which} body: ${mend}` };
  }
  if (streams(requestBodyMode) || streams(responseBodyMode)) {
    return { refusal: `the ${which} body cannot be asked for while the other one is streamed: ${mend}` };
  }
  return isRequest
    ? { requestBodyMode: BodyMode.BUFFERED, responseBodyMode }
    : { requestBodyMode, responseBodyMode: BodyMode.BUFFERED };
}

function streams(mode: BodyMode): boolean {
  return mode !== BodyMode.NONE && mode !== BodyMode.BUFFERED && mode !== BodyMode.BUFFERED_PARTIAL;
}
