/** What handlers in Python may be given and may return, with the bytes that come of it. */
import { type ClientRequest, type ClientResponse, request } from "../support/client.ts";

export interface Case {
  readonly path: string;
  readonly request?: Omit<ClientRequest, "path">;
  /** `body` as text, Latin-1; an expression where it varies. */
  readonly expected: {
    readonly status: number;
    readonly type: string;
    readonly body: string | RegExp;
    readonly headers?: readonly (readonly [name: string, value: string])[];
  };
}

const plain = (body: string | RegExp, status = 200) => ({ status, type: "text/plain", body });
const json = (body: string, status = 200) => ({ status, type: "application/json", body });
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
const failure = (message: string): RegExp =>
  new RegExp(`^Exception caught in handler - "${message}": Traceback [\\s\\S]*`);

/** Of `functions/returns.py`. */
export const returned: readonly Case[] = [
  { path: "/text", expected: plain("hello") },
  { path: "/umlauts", expected: plain(utf8("größer € 😀")) },
  { path: "/bytes", expected: plain("\x00\xff\xfe") },
  { path: "/dict", expected: json('{"a": 1, "b": [true, null, "\\u00fc"]}') },
  { path: "/list", expected: plain("one") },
  { path: "/list-of-responses", expected: plain("first", 203) },
  { path: "/empty-list", expected: plain("") },
  { path: "/tuple-text", expected: plain("created", 201) },
  { path: "/tuple-dict", expected: json('{"a": 1}', 202) },
  { path: "/tuple-list", expected: json("[1, 2]", 202) },
  { path: "/tuple-bytes", expected: json("\"b'ab'\"") },
  { path: "/triple", expected: plain("(1, 2, 3)") },
  { path: "/none", expected: plain("None") },
  { path: "/number", expected: plain("42") },
  { path: "/true", expected: plain("True") },
  { path: "/special-numbers", expected: json('{"a": "NaN", "b": "Infinity", "c": ["-Infinity"]}') },
  { path: "/described", expected: json('{"a": "described", "b": "<plain>"}') },
  { path: "/response", expected: { status: 418, type: "text/x-tea", body: "teapot", headers: [["x-a", "b"]] } },
  { path: "/response-dict", expected: json('{"a": 1}', 404) },
  { path: "/response-list", expected: plain("[1, 2]") },
  { path: "/response-none", expected: plain("None") },
  { path: "/response-bytes", expected: { status: 200, type: "application/octet-stream", body: "\xff" } },
  {
    path: "/response-headers",
    expected: {
      ...plain("x"),
      headers: [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["x-number", "5"],
        ["x-switch", "true"],
      ],
    },
  },
  { path: "/response-type-in-headers", expected: { status: 200, type: "text/html", body: "<p>" } },
  { path: "/status-without-body", expected: plain("", 204) },
  { path: "/no-status", expected: plain("the handler's status 7 is not between 100 and 599", 500) },
  { path: "/no-header", expected: plain(/header "x-a" is neither text nor a number/, 500) },
  { path: "/raises", expected: plain(failure("no way"), 500) },
  { path: "/raises-without-words", expected: plain(failure(""), 500) },
  { path: "/fails-later", expected: plain(failure("later"), 500) },
  { path: "/missing", expected: plain(failure("'missing'"), 500) },
  { path: "/user-data", expected: plain("prepared") },
  { path: "/sdk", expected: plain("True") },
  { path: "/echo", request: { method: "POST", body: Buffer.of(0, 255, 10) }, expected: plain("\x00\xff\n") },
];

const typed = (type: string, body: string): Omit<ClientRequest, "path"> => ({
  method: "PUT",
  headers: [
    ["Content-Type", type],
    ["x-custom-name", "value"],
  ],
  body,
});

/** The body of an event by its content type, as `/event` shows it. */
export const bodies: readonly (readonly [request: Omit<ClientRequest, "path">, body: unknown])[] = [
  [typed("application/json", '{"a": [1, "ü"]}'), { a: [1, "ü"] }],
  [typed("application/json; charset=utf-8", "{}"), "b'{}'"],
  [typed("application/json", "{"), "b'{'"],
  [typed("text/plain", "{}"), "b'{}'"],
  [{}, "b''"],
];

/** What the case came to, in the form of what is expected. */
export async function play(port: number, { path, request: more, expected }: Case): Promise<Case["expected"]> {
  const response = await request(port, { path, ...more });
  const body = response.body.toString("latin1");
  const matches = expected.body instanceof RegExp && expected.body.test(body);
  const names = new Set(expected.headers?.map(([name]) => name));
  return {
    status: response.status,
    type: header(response, "content-type"),
    body: matches ? expected.body : body,
    ...(expected.headers !== undefined && { headers: sorted(response, names) }),
  };
}

/** What a handler sees of an event: the answer of `/event`. */
export async function look(
  port: number,
  more: Omit<ClientRequest, "path">,
  query = "",
): Promise<Record<string, unknown>> {
  const { status, text } = await request(port, { path: `/event${query}`, ...more });
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

function header(response: ClientResponse, name: string): string {
  return lower(response).find(([each]) => each === name)?.[1] ?? "";
}

/** Lines of one name stay in order. */
function sorted(response: ClientResponse, names: ReadonlySet<string>): (readonly [string, string])[] {
  return lower(response)
    .filter(([name]) => names.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function lower({ headers }: ClientResponse): (readonly [string, string])[] {
  return headers.map(([name, value]) => [name.toLowerCase(), value] as const);
}
