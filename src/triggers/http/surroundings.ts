/** What stands around the function: health, the surface of its contract, the end of connections. */
import type { HttpSurface } from "../../function/event-function.ts";
import { appendHeaders } from "./answer.ts";
import type { RequestHandler } from "./contract.ts";
import { splitUrl } from "./split-url.ts";

const HEALTH_PATH = "/__internal/health";

/** The reference's own path: 200 while the trigger serves, and no event. */
export function withHealth(handler: RequestHandler): RequestHandler {
  return (request) => {
    const isHealth = request.url.includes(HEALTH_PATH) && splitUrl(request.url).path.startsWith(HEALTH_PATH);
    return isHealth ? new Response(null) : handler(request);
  };
}

/** What a contract answers itself, and the headers it adds. */
export function withSurface(handler: RequestHandler, surface: HttpSurface): RequestHandler {
  return (request) => {
    const answer = surface.answer(request) ?? handler(request);
    return answer instanceof Promise ? answer.then(addHeaders) : addHeaders(answer);
  };
  function addHeaders(response: Response | undefined): Response | undefined {
    if (response === undefined) return undefined;
    return appendHeaders(
      response,
      surface.headers.filter(([name]) => !response.headers.has(name)),
    );
  }
}

/** Clients are asked to go elsewhere with their next request. */
export function closing(handler: RequestHandler): RequestHandler {
  return (request) => {
    const answer = handler(request);
    return answer instanceof Promise ? answer.then(close) : close(answer);
  };
}

function close(response: Response | undefined): Response | undefined {
  return response === undefined ? undefined : appendHeaders(response, [["connection", "close"]]);
}
