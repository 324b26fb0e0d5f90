/** What an answer may change of the exchange's own configuration: `mode_override` and `override_message_timeout`. */
import type { EnvoyConfig, EnvoyEvent, HeaderSendMode, ModeOverride } from "./model.ts";
import type { EnvoySide } from "./side.ts";

/** Gives the modes to both directions, if now is the time; says what became of it. */
export function overrideModes(
  override: ModeOverride,
  config: EnvoyConfig,
  request: EnvoySide,
  response: EnvoySide,
): EnvoyEvent {
  const { processingMode } = config;
  const duplex = [processingMode.requestBodyMode, processingMode.responseBodyMode].includes("FULL_DUPLEX_STREAMED");
  const inHeaders = [request, response].some(({ callback }) => callback === "headers");
  if (!config.allowModeOverride || config.sendBodyWithoutWaitingForHeaderResponse || duplex || !inHeaders) {
    return { kind: "verdict", verdict: "modeOverrideIgnored", text: "not allowed, or not in a header answer" };
  }
  request.bodyMode = override.requestBodyMode;
  request.sendsTrailers = isSent(override.requestTrailerMode, processingMode.requestTrailerMode);
  response.bodyMode = override.responseBodyMode;
  response.sendsHeaders = isSent(override.responseHeaderMode, processingMode.responseHeaderMode);
  response.sendsTrailers = isSent(override.responseTrailerMode, processingMode.responseTrailerMode);
  const text = `${override.requestBodyMode}, ${override.responseBodyMode}`;
  return { kind: "verdict", verdict: "modeOverrideApplied", text };
}

/** Gives the running timers that length, once each; says what became of it. */
export function overrideTimeout(ms: number, config: EnvoyConfig, sides: readonly EnvoySide[]): EnvoyEvent {
  const running = sides.filter((side) => side.timerMs !== null && !side.timerOverridden);
  const text = `${ms} ms`;
  if (ms < 1 || ms > config.maxMessageTimeoutMs || running.length === 0) {
    return { kind: "verdict", verdict: "timeoutOverrideIgnored", text };
  }
  for (const side of running) {
    side.timerMs = ms;
    side.timerOverridden = true;
  }
  return { kind: "verdict", verdict: "timeoutExtended", text };
}

/** The base is the filter's configuration, never an earlier override; body modes are always literal. */
function isSent(asked: HeaderSendMode | "DEFAULT", base: HeaderSendMode): boolean {
  return (asked === "DEFAULT" ? base : asked) === "SEND";
}
