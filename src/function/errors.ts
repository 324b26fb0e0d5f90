/** What a function may not do with an exchange, or what the proxy did not give it. */

/**
 * Stable: functions may compare it.
 *
 * - `HEADER_INVALID`: a field name or value HTTP or the proxy does not allow.
 * - `HEADERS_TOO_LARGE`: more headers, or larger ones, than the proxy takes.
 * - `NOT_ALLOWED_BY_ENVOY`: a change the proxy's `mutation_rules` refuse unless the trigger says they do not.
 * - `REQUEST_SENT`: the request changed after `next()`.
 * - `HEADERS_SENT`: headers, path or status changed after they were released.
 * - `BODY_ALREADY_SENT`: a body assigned after its first original chunk went on.
 * - `NO_RESPONSE`: the proxy ended the exchange without a response; `next()` rejects with it.
 * - `BODY_NOT_SENT`: a body read that the proxy is not configured to send.
 * - `BODY_INCOMPLETE`: the proxy sent only the beginning of the body.
 * - `BODY_TOO_LARGE`: longer than `perRequestBodyBufferBytes`, or expanding too much.
 * - `BODY_UNDECODABLE`: its `content-encoding` is unknown or does not fit its bytes.
 * - `CANCELLED`: nobody waits for the answer any more.
 * - `TIMEOUT`: the function took longer than the trigger's `timeout`.
 */
export type ExchangeErrorCode =
  | "HEADER_INVALID"
  | "HEADERS_TOO_LARGE"
  | "NOT_ALLOWED_BY_ENVOY"
  | "REQUEST_SENT"
  | "HEADERS_SENT"
  | "BODY_ALREADY_SENT"
  | "NO_RESPONSE"
  | "BODY_NOT_SENT"
  | "BODY_INCOMPLETE"
  | "BODY_TOO_LARGE"
  | "BODY_UNDECODABLE"
  | "CANCELLED"
  | "TIMEOUT";

/** Thrown into functions. The message names the header, body or setting that is wrong and, where known, the mend. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  readonly code: ExchangeErrorCode;
  constructor(code: ExchangeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
