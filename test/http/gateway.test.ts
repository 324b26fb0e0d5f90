/** Middleware over http in front of an upstream, in the executable. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { type RunningProcessor, startProcessor } from "../support/processor.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { sendRaw } from "../support/raw.ts";

const source = `
export default async (exchange, next) => {
  const { request } = exchange;
  switch (request.path) {
    case "/upper":
      request.body = (await request.text()).toUpperCase();
      break;
    case "/generated": {
      request.body = upperCase(request.body);
      const response = await next();
      response.body = upperCase(response.body);
      return;
    }
    case "/moved":
      request.path = "/echo?from=moved";
      request.method = "PUT";
      request.headers.set("x-order", "7");
      break;
    case "/late": {
      await next();
      request.headers.set("x-order", "7");
      return;
    }
    case "/counted": {
      const body = request.body;
      const response = await next();
      let length = 0;
      for await (const chunk of body) length += chunk.length;
      response.headers.set("x-length", String(length));
      return;
    }
    case "/coded": {
      const response = await next();
      const order = await response.json();
      response.body = JSON.stringify({ ...order, seen: true });
      return;
    }
    case "/copied": {
      const response = await next();
      const text = (await response.text()).toUpperCase();
      return new Response(text, { status: 203, headers: [...response.headers] });
    }
    case "/copied-stream": {
      const { body, headers } = await next();
      return new Response(body.pipeThrough(new TransformStream()), { status: 203, headers: [...headers] });
    }
    case "/recoded": {
      const { body, headers } = await next();
      return new Response(body.pipeThrough(new CompressionStream("gzip")), { status: 203, headers: [...headers] });
    }
    case "/replaced": {
      await next();
      return new Response("instead", { headers: { "x-instead": "yes" } });
    }
    case "/revived": {
      const response = await next();
      response.status = 200;
      return;
    }
    case "/other-method":
      request.method = "HEAD";
      return;
    case "/plain": {
      const response = await next();
      response.headers.delete("content-encoding");
      response.headers.set("content-length", "3");
      response.headers.set("etag", '"plain"');
      response.body = (await response.text()).toUpperCase();
      return;
    }
    case "/length-set": {
      request.headers.set("content-length", "3");
      const response = await next();
      response.headers.set("content-length", "3");
      return;
    }
  }
};

async function* upperCase(body) {
  for await (const chunk of body) yield Buffer.from(chunk).toString().toUpperCase();
  yield "!";
}
`;

let upstream: Upstream;
let processor: RunningProcessor;
let url: string;

beforeAll(async () => {
  upstream = startUpstream();
  processor = await startProcessor({
    kind: "http",
    function: { source },
    triggers: { api: { contract: "middleware", upstream: `http://127.0.0.1:${upstream.port}` } },
  });
  url = `http://127.0.0.1:${processor.port}`;
});

afterAll(async () => {
  await processor[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

interface Echoed {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly [string, string][];
  readonly length: number;
  readonly text: string;
}

async function echoed(path: string, init: RequestInit = {}): Promise<Echoed> {
  return (await (await fetch(url + path, init)).json()) as Echoed;
}

test("a generator makes a body of the original, both ways and whatever its coding", async () => {
  const answer = gzipSync("answer");
  upstream.answer("/generated", () => ({ headers: [["content-encoding", "gzip"]], body: answer }));
  const response = await fetch(`${url}/generated`, { method: "POST", body: "order" });
  expect([upstream.requests.at(-1)?.body.toString(), await response.text()]).toEqual(["ORDER!", "ANSWER!"]);
});

test("requests go on as they came, without what belongs to one connection", async () => {
  const headers = "Host: shop.example\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nTE: gzip\r\nX-End: 2\r\n";
  const { text } = await sendRaw(processor.port, [`GET /a%20b?c=%7E HTTP/1.1\r\n${headers}\r\n`]);
  const {
    method,
    target,
    headers: sent,
  } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as Echoed;
  expect([method, target]).toEqual(["GET", "/a%20b?c=%7E"]);
  const lines = Object.fromEntries(sent.map(([name, value]) => [name.toLowerCase(), value]));
  expect(lines).toMatchObject({ host: "shop.example", "x-end": "2", "accept-encoding": "identity" });
  expect(Object.keys(lines)).not.toContain("x-hop");
  expect(Object.keys(lines)).not.toContain("te");
});

test("bodies are changed on the way", async () => {
  expect(await echoed("/upper", { method: "POST", body: "abc" })).toMatchObject({ method: "POST", text: "ABC" });
});

test("path, method and headers are changed on the way", async () => {
  const request = await echoed("/moved");
  expect(request).toMatchObject({ method: "PUT", target: "/echo?from=moved" });
  expect(request.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`)).toContain("x-order: 7");
});

test("after next() the request cannot change", async () => {
  expect((await fetch(url + "/late")).status).toBe(500);
  await processor.waitForLine(/the request cannot change after next\(\)/);
});

test("a function reads a body while it goes on", async () => {
  const body = Buffer.alloc(3_000_000, "a");
  const response = await fetch(url + "/counted", { method: "POST", body });
  expect(response.headers.get("x-length")).toBe("3000000");
  expect(((await response.json()) as Echoed).length).toBe(3_000_000);
});

test("a coded response is read plain and written coded", async () => {
  upstream.answer("/coded", () => ({
    headers: [
      ["content-encoding", "gzip"],
      ["etag", '"1"'],
    ],
    body: gzipSync('{"id":7}'),
  }));
  const response = await fetch(url + "/coded");
  expect([response.headers.get("content-encoding"), response.headers.get("etag")]).toEqual(["gzip", null]);
  expect(await response.json()).toEqual({ id: 7, seen: true });
});

test.each([
  ["/copied", "SOME TEXT"],
  ["/copied-stream", "some text"],
  ["/recoded", "some text"],
])("a Response that copies the upstream's headers is coded as they say: %s", async (path, text) => {
  const headers: [string, string][] = [
    ["content-encoding", "gzip"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ];
  upstream.answer(path, () => ({ headers, body: gzipSync("some text") }));
  const response = await fetch(url + path);
  expect([response.status, response.headers.get("content-encoding"), response.headers.getSetCookie()]).toEqual([
    203,
    "gzip",
    ["a=1", "b=2"],
  ]);
  expect(await response.text()).toBe(text);
});

test("a Response of its own replaces the upstream's", async () => {
  upstream.answer("/replaced", () => ({ headers: [["x-upstream", "yes"]], body: gzipSync("some text") }));
  const response = await fetch(url + "/replaced");
  expect([response.headers.get("x-instead"), response.headers.get("x-upstream"), await response.text()]).toEqual([
    "yes",
    null,
    "instead",
  ]);
});

test("a 304 made a 200 has nobody wait for the body it tells of", async () => {
  upstream.answer("/revived", () => ({ status: 304, headers: [["content-length", "9"]] }));
  const response = await fetch(url + "/revived");
  expect([response.status, await response.text()]).toEqual([200, ""]);
});

test("a GET cannot go on as a HEAD", async () => {
  expect((await fetch(url + "/other-method")).status).toBe(500);
  await processor.waitForLine(/the method cannot change from GET to HEAD/);
});

test("what a function says of a body changes neither how it is read nor its length", async () => {
  upstream.answer("/plain", () => ({
    headers: [
      ["content-encoding", "gzip"],
      ["etag", '"coded"'],
    ],
    body: gzipSync("plain text"),
  }));
  const response = await fetch(url + "/plain");
  const fields = ["content-encoding", "content-length", "etag"].map((name) => response.headers.get(name));
  expect([fields, await response.text()]).toEqual([[null, "10", '"plain"'], "PLAIN TEXT"]);
});

test("a body that goes on keeps its length, whatever a function says of it", async () => {
  upstream.answer("/length-set", ({ body }) => ({ body }));
  const response = await fetch(url + "/length-set", { method: "POST", body: "12345" });
  // The runtime frames what has not ended when the response begins as chunks.
  expect(["5", null]).toContain(response.headers.get("content-length"));
  expect([upstream.requests.at(-1)?.body.toString(), await response.text()]).toEqual(["12345", "12345"]);
});

test("responses stream, their repeated headers stay apart, redirects are the client's", async () => {
  upstream.answer("/stream", () => ({
    status: 302,
    headers: [
      ["location", "/elsewhere"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
    body: (async function* () {
      yield Buffer.from("one ");
      await Bun.sleep(100);
      yield Buffer.from("two");
    })(),
  }));
  const response = await fetch(url + "/stream", { redirect: "manual" });
  expect([response.status, response.headers.get("location")]).toEqual([302, "/elsewhere"]);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  const pieces: string[] = [];
  for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece).toString());
  expect(pieces).toEqual(["one ", "two"]);
});

test("HEAD keeps the length of what it would have been", async () => {
  upstream.answer("/sized", () => ({ body: "1234567" }));
  const { text } = await sendRaw(processor.port, ["HEAD /sized HTTP/1.1\r\nHost: a\r\n\r\n"]);
  expect(text).toMatch(/^HTTP\/1\.1 200/);
  expect(text.toLowerCase()).toContain("content-length: 7\r\n");
});

test("an upstream that is not there is 502", async () => {
  await upstream[Symbol.asyncDispose]();
  expect((await fetch(url + "/echo")).status).toBe(502);
  await processor.waitForLine(/the upstream does not answer/);
});
