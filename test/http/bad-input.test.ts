/** What clients do wrong gets its status, and the next request is served. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { memory } from "../support/memory.ts";
import { type RunningProcessor, startProcessor } from "../support/processor.ts";
import { sendAndLeave, sendRaw } from "../support/raw.ts";

const functions = join(import.meta.dir, "functions");
const host = "Host: api.example\r\n";

let events: RunningProcessor;
let streams: RunningProcessor;

beforeAll(async () => {
  const attributes = { readTimeout: "200ms", readBufferSize: 32_768, maxRequestBodySize: 100_000 };
  [events, streams] = await Promise.all([
    startProcessor({
      kind: "http",
      function: { file: join(functions, "probe.js") },
      triggers: { api: attributes },
      spec: { runtime: "nodejs", eventTimeout: "300ms" },
    }),
    startProcessor({
      kind: "http",
      function: { file: join(functions, "streams.ts") },
      triggers: { api: attributes },
    }),
  ]);
});

afterAll(async () => {
  await events[Symbol.asyncDispose]();
  await streams[Symbol.asyncDispose]();
});

async function resident(): Promise<number> {
  return (await memory(events.pid, "VmRSS")) + (await memory(streams.pid, "VmRSS"));
}

async function expectServed(processor: RunningProcessor): Promise<void> {
  expect((await fetch(`http://127.0.0.1:${processor.port}/`)).status).toBe(200);
}

const chunk = (size: number): string => `${size.toString(16)}\r\n${"a".repeat(size)}\r\n`;
const post = (path: string, headers: string): string => `POST ${path} HTTP/1.1\r\n${host}${headers}\r\n`;

describe("a Nuclio function", () => {
  test.each<[string, readonly (string | number)[], number, RegExp]>([
    [
      "a body announced too long",
      [post("/", "Content-Length: 100001\r\n")],
      400,
      /\r\n\r\nError when parsing request$/,
    ],
    [
      "chunks that become too long",
      [post("/", "Transfer-Encoding: chunked\r\n"), chunk(60_000), 20, chunk(60_000)],
      400,
      /\r\n\r\nError when parsing request$/,
    ],
    ["a body that does not come", [post("/", "Content-Length: 5\r\n"), "he"], 408, /connection: close/i],
    [
      "headers that are too long",
      [`GET / HTTP/1.1\r\n${host}X: ${"a".repeat(33_000)}\r\n\r\n`],
      431,
      /^HTTP\/1\.1 431/,
    ],
    ["a handler that never answers", [`GET /never HTTP/1.1\r\n${host}\r\n`], 408, /\{"error": "handler timed out"\}$/],
    ["a line that is no header", [`GET / HTTP/1.1\r\n${host}nonsense\r\n\r\n`], 400, /^HTTP\/1\.1 400/],
    [
      "two framings",
      [post("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"],
      400,
      /^HTTP\/1\.1 400/,
    ],
    ["no host", ["GET / HTTP/1.1\r\n\r\n"], 400, /^HTTP\/1\.1 400/],
    [
      "a CloudEvent that is no JSON",
      [post("/", "Content-Type: application/cloudevents+json\r\nContent-Length: 4\r\n"), '{"sp'],
      500,
      /the CloudEvent is no JSON/,
    ],
    [
      "a CloudEvent without an id",
      [post("/", "Ce-Specversion: 1.0\r\nCe-Type: t\r\nCe-Source: /\r\nContent-Length: 0\r\n")],
      400,
      /the CloudEvent lacks the header "ce-id"$/,
    ],
    ["a status that is none", [`GET /bad-status HTTP/1.1\r\n${host}\r\n`], 500, /^HTTP\/1\.1 500/],
    ["a header that would split", [`GET /bad-header HTTP/1.1\r\n${host}\r\n`], 500, /^(?![^]*X-Injected)/i],
  ])("%s", async (_, pieces, status, text) => {
    const answer = await sendRaw(events.port, pieces);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
    await expectServed(events);
  });

  test("a header block within readBufferSize, beyond the usual limit, is served", async () => {
    const response = await fetch(`http://127.0.0.1:${events.port}/`, { headers: { "x-long": "a".repeat(30_000) } });
    expect(response.status).toBe(200);
  });

  test("a client of HTTP/1.0 without a host is served", async () => {
    expect(await sendRaw(events.port, ["GET /a?b HTTP/1.0\r\n\r\n"])).toMatchObject({ status: 200 });
  });

  test("100-continue, slow pieces and repeated headers are taken as they are meant", async () => {
    const headers = "Content-Length: 4\r\nExpect: 100-continue\r\nX-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\n";
    const { text, status } = await sendRaw(events.port, [post("/", headers), 50, "ab", 50, "cd"]);
    expect(text).toStartWith("HTTP/1.1 100 Continue\r\n\r\n");
    expect(status).toBe(200);
    expect(text).toContain('"length":4');
    expect(text).toContain('"X-A":"1, 2"');
    expect(text).toContain('"Cookie":"a=1; b=2"');
  });

  test("clients that leave are forgotten", async () => {
    for (let i = 0; i < 20; i++) {
      await sendAndLeave(events.port, post("/", "Content-Length: 5\r\n") + "he", 1);
      await sendAndLeave(events.port, `GET /slow HTTP/1.1\r\n${host}\r\n`, 1);
    }
    await Bun.sleep(400);
    await expectServed(events);
    expect(events.lines.filter((line) => line.includes('"level":"error"') && line.includes("unhandled"))).toEqual([]);
  });
});

describe("a fetch function", () => {
  test.each<[string, readonly (string | number)[], number]>([
    ["a body announced too long", [post("/count", "Content-Length: 100001\r\n")], 413],
    [
      "chunks that become too long",
      [post("/count", "Transfer-Encoding: chunked\r\n"), chunk(60_000), 20, chunk(60_000)],
      413,
    ],
    ["headers that are too long", [`GET / HTTP/1.1\r\n${host}X: ${"a".repeat(33_000)}\r\n\r\n`], 431],
  ])("%s", async (_, pieces, status) => {
    expect(await sendRaw(streams.port, pieces)).toMatchObject({ status, closed: true });
    await expectServed(streams);
  });

  test("bodies within the limit are read as they come", async () => {
    const pieces = [post("/count", "Transfer-Encoding: chunked\r\n"), chunk(40_000), 20, chunk(50_000), "0\r\n\r\n"];
    expect((await sendRaw(streams.port, pieces)).text).toEndWith("\r\n\r\n90000");
  });
});

test("hundreds of each leave the memory as it was", async () => {
  const many = async (times: number, send: () => Promise<unknown>): Promise<void> => {
    for (let sent = 0; sent < times; sent += 20) await Promise.all(Array.from({ length: 20 }, send));
  };
  const round = async (times: number): Promise<void> => {
    await many(times, () => sendRaw(events.port, [post("/", "Content-Length: 100001\r\n")], 1));
    await many(times, () => sendAndLeave(events.port, `GET /slow HTTP/1.1\r\n${host}\r\n`, 1));
    await many(times, () => sendAndLeave(streams.port, `GET /never HTTP/1.1\r\n${host}\r\n`, 1));
    await many(times, () =>
      sendAndLeave(streams.port, post("/count", "Content-Length: 50000\r\n") + "a".repeat(40_000), 1),
    );
  };
  await round(100);
  await Bun.sleep(700);
  const before = await resident();
  await round(200);
  await Bun.sleep(700);
  const grownBy = (await resident()) - before;
  expect(grownBy).toBeLessThan(16 * 1024 * 1024);
  await expectServed(events);
  await expectServed(streams);
}, 20_000);
