/**
 * Requests as they come, for functions that take them so: bodies flow both ways. What answers at once costs no promise
 * here, and nothing is made for a request that nobody asks for.
 */
import type { WebFunction } from "../../function/event-function.ts";
import { answerFailure } from "./answer.ts";
import type { HttpService, RequestStart } from "./contract.ts";

type Answer = Response | undefined;

export function serveWeb(web: WebFunction, service: HttpService): RequestStart {
  const { metrics, pending, server } = service;
  const ended = (answer: Answer, request: Request, startedAt: number): Answer => {
    const sent = answer ?? (server.upgraded(request) ? undefined : answerFailure(returnedNothing(), service));
    metrics.ended(sent === undefined || sent.status < 500, performance.now() - startedAt);
    return sent;
  };
  const failed = (error: unknown, startedAt: number): Response => {
    metrics.ended(false, performance.now() - startedAt);
    return answerFailure(error, service);
  };
  return (request, resolve) => {
    const startedAt = performance.now();
    let answer: Answer | Promise<Answer>;
    try {
      answer = web.fetch(request, server);
    } catch (error) {
      resolve(failed(error, startedAt));
      return;
    }
    if (!(answer instanceof Promise)) {
      resolve(ended(answer, request, startedAt));
      return;
    }
    pending.settle(
      request,
      answer,
      (settled) => ended(settled, request, startedAt),
      (error) => failed(error, startedAt),
      resolve,
    );
  };
}

function returnedNothing(): TypeError {
  return new TypeError("the function returned nothing: return a Response");
}
