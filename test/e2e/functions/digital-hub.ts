/** A Nuclio handler under the Digital Hub types, one behaviour a path. */
import type { NuclioContext, NuclioEvent, NuclioHandler } from "digitalhub-processor";

/** Calls by value of the header x-call. */
const calls = new Map<string, string[]>();

const behaviours: Readonly<Record<string, (context: NuclioContext, event: NuclioEvent) => unknown>> = {
  "/throws": () => {
    throw new Error("secret reason");
  },
  "/nothing": () => undefined,
  "/never": () => new Promise(() => {}),
  "/response": (context, event) =>
    new context.Response(`<${event.body.toString()}>`, { "x-handler": "yes" }, "text/x-test", 200),
  "/answer-200": (context) =>
    new context.Response("here", { "x-processing-status": "200", "x-handler": "yes" }, "text/plain", 200),
  "/answer-403": (context) => new context.Response("no", { "X-Processing-Status": 403 }, "text/plain", 200),
  "/status-202": (context) => new context.Response("accepted", null, "text/plain", 202),
  "/empty": () => [200, ""],
  "/plain": (_context, event) => `<${event.body.toString()}>`,
  "/event": (_context, event) =>
    JSON.stringify({
      body: event.body.toString(),
      content_type: event.content_type,
      custom: event.headers["x-custom"],
      fields: event.fields,
      id: event.id,
      method: event.method,
      path: event.path,
      phase: event.headers["processing-phase"],
      trigger: event.trigger.kind,
    }),
  "/slow": async () => {
    await Bun.sleep(700);
  },
};

export const handler: NuclioHandler = (context, event) => {
  const call = event.headers["x-call"];
  if (call !== undefined) calls.set(call, [...(calls.get(call) ?? []), event.headers["processing-phase"] ?? ""]);
  if (event.path === "/calls") return JSON.stringify(calls.get(event.fields["of"] ?? "") ?? []);
  return behaviours[event.path]?.(context, event);
};
