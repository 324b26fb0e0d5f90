/** What functions of Kubeless and Kyma do, whichever trigger calls them. */
import type { Behaviour } from "./behaviours.ts";

const json = "application/json; charset=utf-8";
const isJson = { "content-type": "application/json" };
const bytes = "\x00\x01\x80\xff";
const shortTime = { eventTimeout: "300ms" };
const tooLate = {
  status: 408,
  headers: { "content-type": json },
  body: '{"code":"ERR_SCRIPT_EXECUTION_TIMEOUT"}',
};

export const kubeless: readonly Behaviour[] = [
  { name: "returns text", function: "kubeless/hello.js", event: {}, result: { status: 200, body: "hello world!" } },
  {
    name: "takes and gives JSON, with the event's fields and the context",
    function: "kubeless/echo.js",
    event: { body: '{"a":[1]}', headers: { ...isJson, "event-type": "made", "event-namespace": "ns" } },
    result: {
      status: 200,
      headers: { "content-type": json },
      body: '{"data":{"a":[1]},"type":"made","namespace":"ns","context":{"function-name":"echo","timeout":180}}',
    },
  },
  { name: "resolves later", function: "kubeless/later.js", event: {}, result: { status: 200, body: "done" } },
  {
    name: "throws",
    function: "kubeless/broken.js",
    event: { body: "{}", headers: isJson },
    result: { status: 500, headers: { "content-type": "text/html; charset=utf-8" }, body: "Internal Server Error" },
  },
  {
    name: "rejects",
    function: "kubeless/broken.js",
    event: { body: '{"order":"late"}', headers: isJson },
    result: { status: 500, body: "Internal Server Error" },
  },
  {
    name: "sets status, headers and a cookie",
    function: "kubeless/status.js",
    event: { path: "/orders" },
    result: {
      status: 201,
      headers: { location: "/orders/1", "set-cookie": "seen=yes; Path=/; HttpOnly" },
      body: "made",
    },
  },
  {
    name: "sends a status alone",
    function: "kubeless/status.js",
    event: { path: "/teapot" },
    result: { status: 418, body: "I'm a Teapot" },
  },
  {
    name: "takes and gives bytes",
    function: "kubeless/binary.js",
    event: { body: bytes },
    result: { status: 200, headers: { "content-type": "image/png" }, body: bytes },
  },
  {
    name: "streams what it pipes",
    function: "kubeless/rows.js",
    event: {},
    result: {
      status: 200,
      headers: { "content-type": "text/csv; charset=utf-8" },
      body: /^0,row\n1,row\n[^]*9999,row\n$/,
    },
  },
  {
    name: "takes too long",
    function: "kubeless/later.js",
    event: { path: "/?ms=3000" },
    result: tooLate,
    spec: shortTime,
  },
  { name: "never stops", function: "kubeless/busy.js", event: { body: "loop" }, result: tooLate, spec: shortTime },
];

export const kyma: readonly Behaviour[] = [
  {
    name: "returns text",
    function: "kyma/hello.js",
    event: {},
    result: { status: 200, body: /^Hello World from the Kyma Function \w+ running on undefined!$/ },
  },
  {
    name: "takes and gives JSON, with status and header",
    function: "kyma/orders.mjs",
    event: { body: '{"id":"7"}', headers: isJson },
    result: {
      status: 201,
      headers: { location: "/7", "content-type": json },
      body: /^\{"stored":"7","by":"\w+","namespace":"\w+"\}$/,
    },
  },
  {
    name: "answers by the response",
    function: "kyma/orders.mjs",
    event: { path: "/8" },
    result: { status: 404, headers: { "content-type": json }, body: '{"error":"no such order"}' },
  },
  {
    name: "throws text, which is the answer",
    function: "kyma/refuse.js",
    event: {},
    result: { status: 500, body: "a body is needed" },
  },
  {
    name: "throws an Error, which is not",
    function: "kyma/refuse.js",
    event: { body: '{"code":2}', headers: isJson },
    result: { status: 500, body: "Internal server error" },
  },
  {
    name: "calls back",
    function: "kyma/called-back.js",
    event: { body: "form", headers: { "content-type": "text/plain" } },
    result: { status: 202, headers: { "content-type": "text/html; charset=utf-8" }, body: "<p>thanks</p>" },
  },
  {
    name: "calls back with a status alone",
    function: "kyma/called-back.js",
    event: {},
    result: { status: 403, body: "Forbidden" },
  },
  {
    name: "takes and gives bytes",
    function: "kyma/image.js",
    event: { body: bytes },
    result: { status: 200, headers: { "content-type": "image/png" }, body: bytes },
  },
  {
    name: "receives a CloudEvent",
    function: "kyma/received.js",
    event: {
      body: '{"specversion":"1.0","type":"t","source":"s","id":"1","time":"2024-01-02T03:04:05.000Z","data":[1]}',
      headers: { "content-type": "application/cloudevents+json" },
    },
    result: {
      status: 200,
      body: '{"data":[1],"ce-type":"t","ce-source":"s","ce-specversion":"1.0","ce-id":"1","ce-time":"2024-01-02T03:04:05.000Z"}',
    },
  },
  {
    name: "takes too long",
    function: "kyma/wait.js",
    event: { path: "/?ms=3000" },
    result: { status: 408, headers: { "content-type": "text/plain; charset=utf-8" }, body: "Request Timeout" },
    spec: shortTime,
  },
  {
    name: "never stops",
    function: "kyma/wait.js",
    event: { path: "/?busy=1" },
    result: { status: 408, body: "Request Timeout" },
    spec: shortTime,
  },
];
