/**
 * What clients may send to an http trigger and should not, and functions that never answer: for each contract the answer
 * that is specified. Shared by the tests, which ask a few times, and `bun run conformance bad-input`, which asks a thousand.
 */
import { join } from "node:path";
import type { Sending } from "./send.ts";

export interface BadInput {
  readonly name: string;
  readonly sending: Sending;
  /** Begins what `send` gives. */
  readonly expected: string;
  /** How many are sent at a time. Default 50; more where the answer takes its time. */
  readonly concurrency?: number;
  /** The answer takes this long: too long for the tests. */
  readonly seconds?: number;
  /** Of all repetitions only this part, where each costs a process. Default 1. */
  readonly share?: number;
}

/** A function with its limits, and what it is sent. */
export interface Subject {
  readonly name: string;
  readonly file: string;
  readonly spec: object;
  readonly numWorkers: number;
  readonly cases: readonly BadInput[];
}

const maxBodyBytes = 1024 * 1024;
const waiting = 250;
/** Limits that are over soon; every function has them. */
export const attributes = { maxRequestBodySize: maxBodyBytes, readTimeout: "300ms" };
const eventTimeout = "300ms";

const json = "application/json";
const structured = "application/cloudevents+json";

function post(contentType: string, body: string, further = ""): Sending {
  const length = Buffer.byteLength(body);
  const head = `POST / HTTP/1.1\r\nhost: test\r\ncontent-type: ${contentType}\r\n${further}content-length: ${length}\r\n\r\n`;
  return { parts: [head + body] };
}

const tooLong = "x".repeat(maxBodyBytes + 1);
const chunkedHead = "POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n";
const halfBody = `POST / HTTP/1.1\r\nhost: test\r\ncontent-type: ${json}\r\ncontent-length: 1000\r\n\r\n{"name":`;

/** Refused before any function sees it. */
const brokenHttp: readonly BadInput[] = [
  { name: "bytes that are no HTTP", sending: { parts: ["\x16\x03\x01 hello\r\n\r\n"] }, expected: "400" },
  {
    name: "a content-length that is no number",
    sending: { parts: ["POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ten\r\n\r\n"] },
    expected: "400",
  },
  {
    name: "both content-length and transfer-encoding",
    sending: {
      parts: ["POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    },
    expected: "400",
  },
  {
    name: "headers beyond the limit",
    sending: { parts: [`GET / HTTP/1.1\r\nhost: test\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`] },
    expected: "431",
  },
  {
    name: "a head that never ends",
    sending: { parts: ["GET / HTTP/1.1\r\nhost: te"] },
    expected: "closed",
    concurrency: 1000,
    seconds: 12,
  },
];

const leavers: readonly BadInput[] = [
  {
    name: "clients that vanish within the head",
    sending: { parts: ["GET / HTTP/1.1\r\nho"], leaveAfterMs: 5 },
    expected: "left",
  },
  { name: "clients that vanish within the body", sending: { parts: [halfBody], leaveAfterMs: 5 }, expected: "left" },
  {
    name: "clients that vanish before the answer",
    sending: { parts: ["GET /hang HTTP/1.1\r\nhost: test\r\n\r\n"], leaveAfterMs: 20 },
    expected: "left",
  },
];

function tooLarge(expected: string): BadInput[] {
  return [
    { name: "a body beyond the limit", sending: post("text/plain", tooLong), expected },
    {
      name: "a chunked body beyond the limit",
      sending: { parts: [`${chunkedHead}${tooLong.length.toString(16)}\r\n${tooLong}\r\n0\r\n\r\n`] },
      expected,
    },
  ];
}

function noJson(expected: string): BadInput {
  return { name: "a body that is not what its type says", sending: post(json, '{"name":'), expected };
}

function slowBody(expected: string): BadInput {
  return {
    name: "a body that comes too slowly",
    sending: { parts: [halfBody, "1", "2", "3", "4", "5", "6", "7", "8", "9"], pauseMs: 100 },
    expected,
    concurrency: waiting,
  };
}

function neverAnswered(expected: string): BadInput {
  return {
    name: "a function that never answers",
    sending: { parts: ["GET /hang HTTP/1.1\r\nhost: test\r\n\r\n"] },
    expected,
    concurrency: waiting,
  };
}

/** Nuclio's, in whatever language. */
const cloudEvents: readonly BadInput[] = [
  {
    name: "a structured CloudEvent that is no JSON",
    sending: post(structured, "{"),
    expected: "500 the CloudEvent is no JSON",
  },
  {
    name: "a structured CloudEvent that is no object",
    sending: post(structured, "[1]"),
    expected: "500 the CloudEvent is no JSON object",
  },
  {
    name: "a structured CloudEvent without its id",
    sending: post(structured, '{"specversion":"1.0","source":"/a","type":"b"}'),
    expected: '400 the CloudEvent lacks the attribute "id"',
  },
  {
    name: "a structured CloudEvent with data that is no base64",
    sending: post(structured, '{"specversion":"1.0","id":"1","source":"/a","type":"b","data_base64":"%"}'),
    expected: "400 the CloudEvent has data_base64 that is no base64",
  },
  {
    name: "a binary CloudEvent without its type",
    sending: post("text/plain", "x", "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /a\r\n"),
    expected: '400 the CloudEvent lacks the header "ce-type"',
  },
  {
    name: "a binary CloudEvent at no time",
    sending: post(
      "text/plain",
      "x",
      "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /a\r\nce-type: b\r\nce-time: now\r\n",
    ),
    expected: '400 the CloudEvent has a header "ce-time" that is no time',
  },
];

const refused = "400 Error when parsing request";
const late = '408 {"error": "handler timed out"}';

export const subjects: readonly Subject[] = [
  {
    name: "Nuclio",
    file: functionFile("nuclio.js"),
    spec: { runtime: "nodejs", eventTimeout },
    numWorkers: 1,
    cases: [
      ...brokenHttp,
      ...cloudEvents,
      noJson("500 Error in handler"),
      ...tooLarge(refused),
      slowBody("408"),
      ...leavers,
      neverAnswered(late),
    ],
  },
  {
    name: "fetch",
    file: functionFile("fetch.ts"),
    spec: { eventTimeout },
    numWorkers: 1,
    cases: [...brokenHttp, noJson("500"), ...tooLarge("413"), slowBody(late), ...leavers, neverAnswered(late)],
  },
  {
    name: "Kubeless",
    file: functionFile("kubeless.js"),
    spec: { runtime: "kubeless", eventTimeout },
    numWorkers: 1,
    cases: [
      noJson("500 Internal Server Error"),
      ...tooLarge("413"),
      slowBody("408"),
      ...leavers,
      neverAnswered('408 {"code":"ERR_SCRIPT_EXECUTION_TIMEOUT"}'),
    ],
  },
  {
    name: "Kyma",
    file: functionFile("kyma.js"),
    spec: { runtime: "kyma", eventTimeout },
    numWorkers: 1,
    cases: [
      noJson("400"),
      { name: "a charset nobody knows", sending: post("text/plain; charset=klingon", "x"), expected: "415" },
      ...tooLarge("413"),
      slowBody("408"),
      ...leavers,
      neverAnswered("408"),
    ],
  },
  {
    name: "Python",
    file: functionFile("handler.py:handler"),
    spec: { runtime: "python", eventTimeout },
    numWorkers: 4,
    cases: [
      ...cloudEvents,
      noJson("500"),
      ...tooLarge(refused),
      slowBody("408"),
      ...leavers.slice(0, 2),
      { ...neverAnswered(late), concurrency: 3, share: 0.1 },
    ],
  },
];

function functionFile(name: string): string {
  return join(import.meta.dir, "functions", name);
}
