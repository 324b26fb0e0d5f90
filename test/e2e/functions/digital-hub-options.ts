/** A Nuclio handler that gives back what it got, or what the path says. */
import type { NuclioContext, NuclioEvent, NuclioHandler } from "digitalhub-processor";

const behaviours: Readonly<Record<string, (context: NuclioContext, event: NuclioEvent) => unknown>> = {
  "/echo": (context, event) => new context.Response(event.body, event.headers),
  "/callback": (context, event) => void setTimeout(() => context.callback(`<${event.body.toString()}>`), 5),
  "/blocked": (context, event) =>
    Number(event.headers["processing-phase"]) > 3 ? new context.Response("", {}, "text/plain", 403) : null,
  "/json": () => ({ changed: true }),
};

export const handler: NuclioHandler = (context, event) => behaviours[event.path]?.(context, event);
