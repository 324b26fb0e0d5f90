/** Requests as they come, for functions that take them so: bodies flow both ways. */
import type { WebFunction } from "../../function/event-function.ts";
import { answerFailure } from "./answer.ts";
import type { HttpService, RequestHandler } from "./contract.ts";
import { type LimitedRequest, limitBody } from "./limit-body.ts";
import { RequestCall } from "./serve-events.ts";
import { untilGone } from "./until-gone.ts";

type Answer = Response | undefined;

/** What answers at once costs no promise here, and nothing is made for a request that nobody asks for. */
export function serveWeb(web: WebFunction, service: HttpService): RequestHandler {
  return (request) => {
    const limited = limitBody(request, service.maxBodyBytes);
    if (limited === "too-large") {
      service.metrics.ended(false, null);
      return service.bodyTooLarge();
    }
    const startedAt = performance.now();
    let answer: Answer | Promise<Answer>;
    try {
      answer = web.fetch(limited.request, new WebCall(limited.request, service), service.server);
    } catch (error) {
      return ended(answerOf(error, limited, service), startedAt, service);
    }
    if (!(answer instanceof Promise)) return ended(checked(answer, limited, service), startedAt, service);
    const work = answer.then(
      (settled) => ended(checked(settled, limited, service), startedAt, service),
      (error: unknown) => ended(answerOf(error, limited, service), startedAt, service),
    );
    return untilGone(work, request, gone);
  };
}

class WebCall extends RequestCall {
  constructor(request: Request, { log }: HttpService) {
    super(request, log, "");
  }
}

function ended(answer: Answer, startedAt: number, { metrics }: HttpService): Answer {
  metrics.ended(answer === undefined || answer.status < 500, performance.now() - startedAt);
  return answer;
}

function checked(answer: Answer, limited: LimitedRequest, service: HttpService): Answer {
  if (limited.exceeded?.() === true) return service.bodyTooLarge();
  if (answer !== undefined || service.server.upgraded(limited.request)) return answer;
  return answerFailure(new TypeError("the function returned nothing: return a Response"), service);
}

function answerOf(error: unknown, limited: LimitedRequest, service: HttpService): Response {
  return limited.exceeded?.() === true ? service.bodyTooLarge() : answerFailure(error, service);
}

/** Nobody sees it. */
function gone(): Response {
  return new Response(null, { status: 499 });
}
