/** What becomes of a function's result or failure on the way to the client. */
import type { EventResult, FieldLines } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import { describeFailure } from "../../function/describe-failure.ts";
import type { HttpService } from "./contract.ts";

/** The statuses a response may have; 1xx would not be one. */
const FIRST_STATUS = 200;
/** Responses of these statuses have no body (RFC 9110 15.3.5, 15.3.6, 15.4.5). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * @param broke Called when a stream fails after its status was sent: the client sees the connection end.
 * @throws TypeError or RangeError naming the header or status that cannot be sent.
 */
export function toResponse({ status, headers, body }: EventResult, broke?: (error: unknown) => void): Response {
  if (status < FIRST_STATUS) throw new RangeError(`the function's status ${status} is no final one: 200 to 599`);
  const sent = new Headers();
  for (const [name, value] of headers) sent.append(name, value);
  const whole = body instanceof ReadableStream && broke !== undefined ? watched(body, broke) : body;
  return new Response(WITHOUT_BODY.has(status) ? null : toBody(whole), { status, headers: sent });
}

/** The answer to a request whose function gave no result; what went wrong is logged. */
export function answerFailure(error: unknown, { log, origin }: HttpService): Response {
  if (!(error instanceof EventError)) {
    log.error(describePlace(error, origin), "the answer cannot be sent");
    return new Response(null, { status: 500 });
  }
  switch (error.code) {
    case "HANDLER_FAILED":
      log.error(describePlace(error.cause ?? error, origin), error.message);
      break;
    case "TIMED_OUT":
    case "NO_WORKER":
    case "WORKER_LOST":
      log.warn(error.message);
      break;
    case "BAD_EVENT":
    case "TOO_LARGE":
    case "CANCELLED":
      // The client's doing: a line of log for each would be its to order.
      log.debug(error.message);
  }
  return toResponse(error.answer);
}

/** A stream that failed after its status was sent. */
export function logBreak(error: unknown, { log, origin }: HttpService): void {
  log.error(describePlace(error, origin), "the response broke off");
}

/** Adds field lines to a response, whose headers may be sealed. */
export function appendHeaders(response: Response, lines: FieldLines): Response {
  try {
    for (const [name, value] of lines) response.headers.append(name, value);
    return response;
  } catch {
    // Responses of `fetch` and `Response.redirect` cannot be changed.
    const open = new Response(response.body, response);
    for (const [name, value] of lines) open.headers.append(name, value);
    return open;
  }
}

function watched(stream: ReadableStream<Uint8Array>, broke: (error: unknown) => void): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        broke(error);
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** The types ask for memory that is not shared; a body never is. */
function toBody(body: EventResult["body"]) {
  return body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : body;
}

function describePlace(error: unknown, origin: HttpService["origin"]): object {
  const { message, file, line } = describeFailure(error, origin);
  return { error: message, at: file === null ? origin.file : `${file}:${line}` };
}
