/** What handlers in Python do, whichever trigger calls them. */
import type { Behaviour, BehaviourEvent, BehaviourResult } from "./behaviours.ts";

const plain = { "content-type": "text/plain" };
const json = { "content-type": "application/json" };

function does(name: string, path: string, result: BehaviourResult, event: BehaviourEvent = {}): Behaviour {
  return { name, function: "python/shop.py", event: { path, ...event }, result, spec: { eventTimeout: "300ms" } };
}

export const python: readonly Behaviour[] = [
  does("returns text", "/greet", { status: 200, headers: plain, body: "Hello, you!" }, { body: "you" }),
  does("is async", "/wait", { status: 200, headers: plain, body: "late" }),
  does("raises", "/fail", {
    status: 500,
    headers: plain,
    body: /^Exception caught in handler - "no stock": Traceback [\s\S]*shop\.py", line 14[\s\S]*LookupError: no stock\n$/,
  }),
  does("gives a Response with status, type, numbers and repeated headers", "/created", {
    status: 201,
    headers: { "content-type": "text/html", "x-order": "7", "set-cookie": "a=1, b=2" },
    body: "created",
  }),
  does("returns status and object", "/refuse", { status: 404, headers: json, body: '{"error": "no such order"}' }),
  does(
    "takes and gives JSON",
    "/total",
    { status: 200, headers: json, body: '{"total": 42, "type": "application/json"}' },
    { body: '{"items":[{"price":2},{"price":40}]}', headers: json },
  ),
  does(
    "takes and gives bytes",
    "/reverse",
    { status: 200, headers: plain, body: "\xff\x80\x01\x00" },
    { body: "\x00\x01\x80\xff" },
  ),
  does("gives its body piece by piece", "/rows", { status: 200, body: "PUT 1\nPUT 2\nPUT 3\n" }, { method: "PUT" }),
  {
    ...does("returns None", "/nothing", { status: 200, headers: plain, body: "None" }),
    inExtproc: { status: 200, body: "" },
  },
  {
    ...does(
      "sees the whole event",
      "/echo?q=x%20y&q=z",
      {
        status: 200,
        body: '{"method": "PATCH", "fields": {"q": "z"}, "name": "me", "size": 3, "body": "a,b", "trigger": "api"}',
      },
      { method: "PATCH", headers: { "x-name": "me", "content-type": "text/csv" }, body: "a,b" },
    ),
    inExtproc: {
      status: 200,
      body: '{"method": "PATCH", "fields": {"q": "x y,z"}, "name": "me", "size": 3, "body": "a,b", "trigger": "api"}',
    },
  },
  does("never answers", "/hang", { status: 408, headers: json, body: '{"error": "handler timed out"}' }),
  does("answers again after that", "/greet", { status: 200, body: "Hello, again!" }, { body: "again" }),
];
