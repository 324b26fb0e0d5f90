/** What a function is told when a body cannot be read or replaced (any more), and what mends it. */
import { ExchangeError } from "../../function/errors.ts";
import { BodyMode } from "./body-mode.ts";

/** The direction the body is of. */
interface BodyOwner {
  readonly isRequest: boolean;
}

export function bodyTooLate({ isRequest }: BodyOwner, what: "read" | "assigned"): ExchangeError {
  if (isRequest) {
    return new ExchangeError("REQUEST_SENT", `the request body cannot be ${what}: the request went on with next()`);
  }
  return new ExchangeError("HEADERS_SENT", `the response body cannot be ${what}: the response has been sent`);
}

export function bodyTooLong(owner: BodyOwner, maxBodyBytes: number): ExchangeError {
  const message = `the ${which(owner)} body is longer than ${maxBodyBytes} bytes: see perRequestBodyBufferBytes`;
  return new ExchangeError("BODY_TOO_LARGE", message);
}

/** Reading lets the headers go on, and the bytes read behind them. */
export function readAfterBodyless(owner: BodyOwner, status: string): ExchangeError {
  const message = `the ${which(owner)} body cannot be read any more: a response with status ${status} has none; read it before the status is set`;
  return new ExchangeError("HEADER_INVALID", message);
}

export function firstChunkLeft(owner: BodyOwner): ExchangeError {
  const message = `the ${which(owner)} body cannot be assigned: its first chunk went on`;
  return new ExchangeError("BODY_ALREADY_SENT", message);
}

export function bodyReplaced(owner: BodyOwner): ExchangeError {
  const message = `the ${which(owner)} body cannot be read as a stream: another one was assigned; read it before`;
  return new ExchangeError("BODY_ALREADY_SENT", message);
}

export function bodyReadAsStream(owner: BodyOwner): ExchangeError {
  const message = `the ${which(owner)} body cannot be read whole: it is being read as a stream`;
  return new ExchangeError("BODY_ALREADY_SENT", message);
}

/** The body never came: asked for in vain, or cut off with the exchange. */
export function bodyNotSent(owner: BodyOwner & { readonly mode: BodyMode }): ExchangeError {
  const name = which(owner);
  if (owner.mode !== BodyMode.NONE) {
    return new ExchangeError("CANCELLED", `the exchange ended before the ${name} body came`);
  }
  const message = `Envoy did not send the ${name} body it was asked for: set allow_mode_override: true on its ext_proc filter (allowed_override_modes, if set, must list the mode), or ${name}_body_mode: BUFFERED in its processing_mode`;
  return new ExchangeError("BODY_NOT_SENT", message);
}

/** BUFFERED_PARTIAL: the proxy's buffer was full. */
export function bodyPartial(owner: BodyOwner): ExchangeError {
  const message = `Envoy sent only the beginning of the ${which(owner)} body (BUFFERED_PARTIAL): raise its per_connection_buffer_limit_bytes or use another body mode`;
  return new ExchangeError("BODY_INCOMPLETE", message);
}

/** STREAMED: where trailers may end the body, nobody can tell which chunk is the last. */
export function bodyEndsInTrailers(owner: BodyOwner): ExchangeError {
  const name = which(owner);
  const mend = `set ${name}_body_mode: BUFFERED in processing_mode of Envoy's ext_proc filter, or read it as a stream`;
  const message = `the ${name} ends in trailers and is STREAMED, so it cannot be read whole: ${mend}`;
  return new ExchangeError("BODY_NOT_SENT", message);
}

/** STREAMED: the response came while the end of the request was still to come, and may never. */
export function bodyEndUnknown(): ExchangeError {
  const why = "Envoy does not tell where a body ends whose trailers it keeps to itself";
  const mend = "set request_trailer_mode: SEND in processing_mode of its ext_proc filter";
  return new ExchangeError("BODY_INCOMPLETE", `the response came before the end of the request body: ${why}: ${mend}`);
}

/** STREAMED: bytes of the original are gone and nothing can carry what should be in their place. */
export function chunksLost(owner: BodyOwner, why: string): ExchangeError {
  const name = which(owner);
  const mend = `set ${name}_body_mode: BUFFERED or FULL_DUPLEX_STREAMED in processing_mode of Envoy's ext_proc filter`;
  return new ExchangeError("BODY_INCOMPLETE", `the ${name} body was STREAMED and ${why}: ${mend}`);
}

/** Duplex: the message had no chunk whose place the new body could take. */
export function noBodyToReplace(owner: BodyOwner): ExchangeError {
  return new ExchangeError("BODY_INCOMPLETE", `the ${which(owner)} ended in trailers without a body to replace`);
}

function which({ isRequest }: BodyOwner): "request" | "response" {
  return isRequest ? "request" : "response";
}
