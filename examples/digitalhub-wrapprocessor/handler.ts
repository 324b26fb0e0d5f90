/**
 * A Nuclio handler around the upstream, as a Digital Hub `wrapprocessor`: called for the request and for the response,
 * told apart by the header `processing-phase` (1 or 2: request, 4 or 5: response).
 */
import type { NuclioHandler } from "digitalhub-processor";

export const handler: NuclioHandler = (context, event) => {
  const phase = event.headers["processing-phase"];
  if (phase === "4" || phase === "5") return `<<${event.body.toString()}>>`;
  if (event.path === "/forbidden") {
    context.logger.infoWith("refused", { path: event.path });
    return new context.Response("not here\n", { "X-Processing-Status": "403" }, "text/plain", 200);
  }
  return event.body.toString().toUpperCase();
};
