/**
 * What functions do, whichever trigger calls them: a function below test/functions, an event, and the result. Triggers that
 * send the result as HTTP give exactly this.
 */
import { kubeless, kyma } from "./kubeless-kyma.ts";
import { python } from "./python.ts";

export interface Behaviour {
  readonly name: string;
  /** Below test/functions; its folder is the contract. */
  readonly function: string;
  readonly event: BehaviourEvent;
  readonly result: BehaviourResult;
  /** Fields of `spec` it needs. */
  readonly spec?: object;
  /** The result depends on what an HTTP server alone can do, or the kind of the trigger is in it. */
  readonly onlyHttp?: true;
  /**
   * Result of the same handler where ext_proc is what calls it, when it differs: events have the path as the client wrote
   * it, header names in lower case alone and repeated fields joined, and a handler that returns nothing gives no body.
   */
  readonly inExtproc?: BehaviourResult;
}

export interface BehaviourEvent {
  /** Default: GET, with a body POST. */
  readonly method?: string;
  /** Default "/"; may have a query. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Latin-1. */
  readonly body?: string;
}

export interface BehaviourResult {
  readonly status: number;
  /** Those that matter; `set-cookie` is joined with ", ". */
  readonly headers?: Readonly<Record<string, string>>;
  /** Latin-1; an expression where it holds what is the machine's. */
  readonly body: string | RegExp;
}

const order = { body: '{"items":[{"price":2},{"price":40}]}', headers: { "content-type": "application/json" } };
const bytes = "\x00\x01\x80\xff";
const backwards = "\xff\x80\x01\x00";
const shortTime = { eventTimeout: "300ms" };
const timedOut = {
  status: 408,
  headers: { "content-type": "application/json" },
  body: '{"error": "handler timed out"}',
};

const nuclio: readonly Behaviour[] = [
  {
    name: "calls back with text",
    function: "nuclio/greet.js",
    event: { body: "you" },
    result: { status: 200, headers: { "content-type": "text/plain" }, body: "Hello, you!" },
  },
  {
    name: "resolves later",
    function: "nuclio/wait.js",
    event: { path: "/a%20b?c" },
    result: { status: 200, headers: { "content-type": "text/plain" }, body: "late: /a b" },
    inExtproc: { status: 200, body: "late: /a%20b" },
  },
  {
    name: "throws",
    function: "nuclio/fail.js",
    event: {},
    result: {
      status: 500,
      headers: { "content-type": "text/plain" },
      body: /^Error in handler: Error: no stock\nError: no stock\n {4}at .*fail\.js:3:/,
    },
  },
  {
    name: "rejects",
    function: "nuclio/fail.js",
    event: { path: "/rejected" },
    result: { status: 500, body: /^Error in handler: TypeError: no stock\n/ },
  },
  {
    name: "gives a Response with status, type, numbers and repeated headers",
    function: "nuclio/created.js",
    event: {},
    result: {
      status: 201,
      headers: { "content-type": "text/html", "x-order": "7", "set-cookie": "a=1, b=2" },
      body: "created",
    },
  },
  {
    name: "returns status and object",
    function: "nuclio/refuse.js",
    event: {},
    result: { status: 404, headers: { "content-type": "application/json" }, body: '{"error":"no such order"}' },
  },
  {
    name: "takes and gives JSON",
    function: "nuclio/total.js",
    event: order,
    result: {
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"total":42,"type":"application/json"}',
    },
  },
  {
    name: "takes and gives bytes",
    function: "nuclio/reverse.js",
    event: { body: bytes },
    result: { status: 200, headers: { "content-type": "text/plain" }, body: backwards },
  },
  { name: "never answers", function: "nuclio/hang.js", event: {}, result: timedOut, spec: shortTime },
  {
    name: "has what initContext left",
    function: "nuclio/counter.ts",
    event: {},
    result: { status: 200, body: "ready http" },
    onlyHttp: true,
  },
  {
    name: "gives its body piece by piece",
    function: "nuclio/rows.mjs",
    event: { method: "PUT" },
    result: { status: 200, body: "PUT 1\nPUT 2\nPUT 3\n" },
  },
  {
    name: "chooses the type by a header",
    function: "nuclio/typed.js",
    event: {},
    result: { status: 200, headers: { "content-type": "text/html" }, body: "<p>hi</p>" },
  },
  { name: "returns nothing", function: "nuclio/nothing.js", event: {}, result: { status: 200, body: "" } },
  {
    name: "sees the whole event",
    function: "nuclio/echo.js",
    event: {
      method: "PATCH",
      path: "/orders/7?q=x%20y&q=z",
      headers: { "x-name": "me", "content-type": "text/csv" },
      body: "a,b",
    },
    result: {
      status: 200,
      body: '{"method":"PATCH","path":"/orders/7","fields":{"q":"z"},"name":"me","body":"a,b","size":3,"contentType":"text/csv"}',
    },
    inExtproc: {
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"method":"PATCH","path":"/orders/7","fields":{"q":"x y,z"},"body":"a,b","size":3,"contentType":"text/csv"}',
    },
  },
];

const fetchHandlers: readonly Behaviour[] = [
  {
    name: "a default function answers",
    function: "fetch/greet.ts",
    event: { body: "you" },
    result: { status: 200, headers: { "content-type": "text/plain;charset=utf-8" }, body: "Hello, you!" },
  },
  {
    name: "a module with fetch, its own this, status and repeated headers",
    function: "fetch/routes.ts",
    event: { method: "DELETE", path: "/orders/7?q=x%20y" },
    result: { status: 202, headers: { "x-order": "7", "set-cookie": "a=1, b=2" }, body: "DELETE x y" },
  },
  {
    name: "a status of its own",
    function: "fetch/routes.ts",
    event: { path: "/" },
    result: {
      status: 404,
      headers: { "content-type": "application/json;charset=utf-8" },
      body: '{"error":"no such path"}',
    },
  },
  { name: "throws", function: "fetch/fail.ts", event: {}, result: { status: 500, body: "" } },
  { name: "rejects", function: "fetch/fail.ts", event: { path: "/rejected" }, result: { status: 500, body: "" } },
  {
    name: "takes and gives JSON",
    function: "fetch/total.ts",
    event: order,
    result: { status: 200, body: '{"total":42}' },
  },
  {
    name: "takes and gives bytes",
    function: "fetch/reverse.ts",
    event: { body: bytes },
    result: { status: 200, headers: { "content-type": "application/octet-stream" }, body: backwards },
  },
  { name: "never answers", function: "fetch/hang.ts", event: {}, result: timedOut, spec: shortTime },
  {
    name: "streams its response",
    function: "fetch/rows.ts",
    event: { method: "PUT" },
    result: { status: 200, headers: { "content-type": "text/csv" }, body: "PUT 1\nPUT 2\nPUT 3\n" },
  },
  {
    name: "answers while the request comes",
    function: "fetch/upper.ts",
    event: { body: "abc" },
    result: { status: 200, body: "ABC" },
  },
  {
    name: "a Hono application",
    function: "fetch/app.ts",
    event: { path: "/orders/7" },
    result: { status: 200, headers: { "content-type": "application/json", "x-powered": "hono" }, body: '{"id":"7"}' },
  },
  {
    name: "a Hono application reads a body",
    function: "fetch/app.ts",
    event: { path: "/echo", body: "abc" },
    result: { status: 201, headers: { "x-powered": "hono" }, body: "abc" },
  },
  {
    name: "a Hono application has no such path",
    function: "fetch/app.ts",
    event: { path: "/none" },
    result: { status: 404, body: "404 Not Found" },
  },
  { name: "returns nothing", function: "fetch/nothing.ts", event: {}, result: { status: 500, body: "" } },
];

/** Behind http without an upstream. */
const middleware: readonly Behaviour[] = [
  {
    name: "answers before next",
    function: "middleware/gate.ts",
    event: {},
    result: { status: 401, headers: { "content-type": "text/plain;charset=utf-8" }, body: "who?" },
  },
  {
    name: "lets pass",
    function: "middleware/gate.ts",
    event: { headers: { authorization: "Bearer yes" } },
    result: { status: 404, body: "" },
  },
  { name: "does nothing", function: "middleware/pass.ts", event: {}, result: { status: 404, body: "" } },
  {
    name: "reads JSON, marks the response",
    function: "middleware/mark.ts",
    event: { body: '{"id":7}' },
    result: { status: 404, headers: { "x-marked": "yes" }, body: "" },
  },
  {
    name: "changes status and body",
    function: "middleware/rewrite.ts",
    event: { body: "abc" },
    result: { status: 418, body: ", rewritten" },
  },
  {
    name: "replaces the response",
    function: "middleware/replace.ts",
    event: {},
    result: { status: 203, body: '{"status":404}' },
  },
  {
    name: "takes and gives bytes",
    function: "middleware/reverse.ts",
    event: { body: bytes },
    result: { status: 200, body: backwards },
  },
  { name: "throws", function: "middleware/fail.ts", event: {}, result: { status: 500, body: "" } },
  { name: "rejects", function: "middleware/fail.ts", event: { path: "/rejected" }, result: { status: 500, body: "" } },
  { name: "never answers", function: "middleware/hang.ts", event: {}, result: timedOut, spec: shortTime },
];

export const behaviours: readonly Behaviour[] = [
  ...nuclio,
  ...fetchHandlers,
  ...middleware,
  ...kubeless,
  ...kyma,
  ...python,
];
