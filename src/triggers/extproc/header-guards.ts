/** Guards that refuse changes to headers nobody would apply any more. */
import { ExchangeError } from "../../function/errors.ts";
import type { HeaderGuard } from "../../function/header-list.ts";

/** For headers that went on. */
export function sentGuard(isRequest: boolean): HeaderGuard {
  return isRequest ? requestSent : headersSent;
}

/** For headers the proxy did not send: it would ignore changes to them. */
export function unseenGuard(isRequest: boolean): HeaderGuard {
  const which = isRequest ? "request" : "response";
  return (name) => {
    const why = `Envoy keeps the ${which} headers to itself`;
    const mend = `set ${which}_header_mode: SEND in processing_mode of its ext_proc filter`;
    throw new ExchangeError("HEADERS_SENT", `header "${name}" cannot change: ${why}: ${mend}`);
  };
}

function requestSent(name: string): never {
  throw new ExchangeError("REQUEST_SENT", `header "${name}" cannot change: the request went on with next()`);
}

function headersSent(name: string): never {
  const mend = "change headers before the body is read, or have Envoy send the body in mode BUFFERED";
  throw new ExchangeError("HEADERS_SENT", `header "${name}" cannot change: the headers went on; ${mend}`);
}
