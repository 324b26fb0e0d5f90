/** Middleware behind an http trigger: a gateway in front of an upstream, or a function that answers itself. */
import { EventError } from "../../../event/event-error.ts";
import type { EventResult } from "../../../event/contract.ts";
import type { FetchServer, Middleware, MiddlewareResult } from "../../../function/contract.ts";
import { ExchangeError } from "../../../function/errors.ts";
import type { WebFunction } from "../../../function/event-function.ts";
import { limitTime, timedOutAnswer } from "../../../function/time-limit.ts";
import { becomeResponse } from "../../become-response.ts";
import { HttpExchange } from "./exchange.ts";
import { withoutHopByHop } from "./hop-by-hop.ts";
import type { HttpResponseMessage } from "./message.ts";
import { type NextOptions, sendOn } from "./upstream.ts";

/** The client is not told what went wrong. */
const FAILED: EventResult = { status: 500, headers: [], body: null };

export interface MiddlewareOptions extends NextOptions {
  /** Longest time of one exchange, that of the upstream included; 0: none. */
  readonly eventTimeoutMs: number;
}

export function openMiddleware(run: Middleware, options: MiddlewareOptions): WebFunction {
  const { eventTimeoutMs } = options;
  return {
    websocket: null,
    fetch(request, server) {
      const work = answer(run, request, server, options);
      return eventTimeoutMs === 0 ? work : limitTime(work, eventTimeoutMs, timedOutAnswer);
    },
  };
}

async function answer(
  run: Middleware,
  request: Request,
  server: FetchServer,
  options: MiddlewareOptions,
): Promise<Response> {
  const exchange = new HttpExchange(request, server, options.maxBodyBytes, options.log);
  let sent: Promise<HttpResponseMessage> | null = null;
  let received: HttpResponseMessage | null = null;
  const next = (): Promise<HttpResponseMessage> => {
    if (sent === null) {
      exchange.request.seal();
      sent = sendOn(exchange.request, request.signal, options);
      sent.then(
        (message) => (received = message),
        () => {}, // the function may not wait for it
      );
    }
    return sent;
  };
  try {
    const result = await run(exchange, next);
    if (result instanceof Response) return await answerWith(result, received, request.method);
    const response = await next();
    assertNothingElse(result, response);
    return await toResponse(response, request.method);
  } catch (error) {
    throw toEventError(error);
  }
}

/** What is made of the upstream's decoded body and names its coding is coded again as that was. */
async function answerWith(response: Response, received: HttpResponseMessage | null, method: string): Promise<Response> {
  const coding = response.headers.get("content-encoding");
  if (received?.isRead !== true || coding === null || coding !== received.headers.get("content-encoding"))
    return response;
  becomeResponse(received, response);
  return toResponse(received, method);
}

async function toResponse(message: HttpResponseMessage, method: string): Promise<Response> {
  const { body, lines } = await message.release();
  const headers = new Headers();
  for (const [name, value] of withoutHopByHop(lines)) headers.append(name, value);
  const hasNoBody = method === "HEAD" || message.status === 204 || message.status === 205 || message.status === 304;
  // Of a 304 that was made another status: nobody is to wait for the body it tells of.
  if (body === null && !hasNoBody) headers.delete("content-length");
  return new Response(hasNoBody ? null : (body as Bun.BodyInit | null), { status: message.status, headers });
}

function assertNothingElse(result: MiddlewareResult | null, response: HttpResponseMessage): void {
  if (result === undefined || result === null || result === response) return;
  const what =
    typeof result === "object" ? "an object that is neither a Response nor what next() gave" : `a ${typeof result}`;
  throw new TypeError(`the function returned ${what}: return a Response, or nothing`);
}

function toEventError(error: unknown): EventError {
  const isQuiet = error instanceof ExchangeError && error.code === "CANCELLED";
  const [code, message] = isQuiet
    ? (["CANCELLED", "the client left"] as const)
    : (["HANDLER_FAILED", "the function failed"] as const);
  return new EventError(code, message, FAILED, { cause: error });
}
