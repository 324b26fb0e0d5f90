/** `processor invoke` for functions that answer requests and events: over HTTP, as a job, as a schedule's run. */
import { describe, expect, test } from "bun:test";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { executablePath } from "../support/executable.ts";
import { freePort } from "../support/ports.ts";
import { startRun } from "../support/run-to-end.ts";

const nuclio = `
export function handler(context, event) {
  context.logger.debugWith("looked", { at: event.path });
  if (event.path === "/throw") throw new Error("no luck");
  const text = [event.trigger.kind, event.method, event.path, event.headers["X-A"], event.body].join(" ");
  return new context.Response(text, { "X-B": "2" }, "text/plain", event.path === "/missing" ? 404 : 201);
}`;
const web = 'export default { fetch: async (request) => new Response("got " + (await request.text())) };';
const directory = scratchDirectory({
  "nuclio.ts": nuclio,
  "web.ts": web,
  "request.ts": 'export default (request: Request) => new Response("for " + new URL(request.url).pathname);',
  "fails.ts": "export default { fetch() { throw new Error('no luck'); } };",
  "spins.ts": "export function handler() { return new Promise(() => {}); }",
  "gate.ts": "export default async (exchange, next) => { await next(); };",
  "broken.ts": "export default 5;",
});

async function invoke(...args: string[]) {
  const child = Bun.spawn([await executablePath(), "invoke", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: directory,
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  return { code, out: out.replaceAll(directory, "<dir>").replace(/[\d.]+ ms/u, "N ms"), err };
}

async function report(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out } = await invoke(...args, "--json");
  const { tookMs, fields, ...rest } = JSON.parse(out) as Record<string, unknown>;
  expect(tookMs).toBeNumber();
  expect(fields).toBeArray();
  return { code, ...rest };
}

describe("a function file", () => {
  test("is called over HTTP when its exports say so", async () => {
    const answer = { completed: true, status: 201, logs: [], problem: null };
    expect(await report("nuclio.ts", "-X", "PUT", "--path", "/a%20b", "-H", "x-a: 1", "-d", "hi")).toEqual({
      code: 0,
      ...answer,
      body: { text: "http PUT /a b 1 hi" },
    });
    expect((await invoke("web.ts", "-d", "it")).out).toContain("\n      got it\n\nCompleted in N ms.\n");
    expect((await invoke("request.ts", "--path", "/orders")).out).toContain("      for /orders\n");
  });

  test("is handed an event as --trigger job or cron says", async () => {
    const args = ["--path", "/a", "-H", "x-a: 1", "-d", "hi"];
    expect(await invoke("nuclio.ts", "--trigger", "job", ...args)).toEqual({
      code: 0,
      out: `Answer
      status: 201
      content-type: text/plain
      x-b: 2

      job  /a 1 hi

Completed in N ms.
`,
      err: "",
    });
    expect((await invoke("nuclio.ts", "--trigger", "cron", ...args)).out).toContain("      cron  /a 1 hi\n");
    expect((await invoke("web.ts", "--trigger", "job", "-d", "it")).out).toContain("      got it\n");
  });

  test("that is middleware can be tried over HTTP, where nothing is behind it", async () => {
    expect(await report("gate.ts", "--trigger", "http")).toMatchObject({ code: 1, status: 404 });
    expect((await invoke("gate.ts")).out).toContain("  →  request headers, end of stream");
  });

  test("that answers with an error status fails the call, which still shows the answer", async () => {
    const { code, out } = await invoke("nuclio.ts", "--path", "/missing");
    expect(code).toBe(1);
    expect(out).toContain("      status: 404\n");
    expect(out).toEndWith("\nFailed after N ms: status 404.\n");
  });

  test("that throws as a job is told with file and line", async () => {
    const { code, out } = await invoke("nuclio.ts", "--trigger", "job", "--path", "/throw");
    expect({ code, out }).toEqual({ code: 1, out: "Failed after N ms: no luck (<dir>/nuclio.ts:4:42).\n" });
  });

  test("that throws over HTTP answers 500, with the reason in its log", async () => {
    const { code, out, err } = await invoke("fails.ts");
    expect(code).toBe(1);
    expect(out).toContain("status: 500");
    expect(err).toContain("no luck");
  });

  test("that never answers is given up after --timeout", async () => {
    const http = await invoke("spins.ts", "--timeout", "200");
    expect({ code: http.code, out: http.out }).toEqual({
      code: 1,
      out: "Failed after N ms: no whole answer within 200 ms.\n",
    });
  });

  test("shows what a Nuclio function logs when it is asked to", async () => {
    const { out } = await invoke("nuclio.ts", "--trigger", "job", "--log-level", "debug");
    expect(out).toContain('\nLogged\n      debug  looked {"at":"/"}\n'.replace('"/"', '""'));
    expect(await report("nuclio.ts", "--log-level", "debug")).toMatchObject({
      logs: [{ level: "debug", message: "looked", at: "/" }],
    });
  });

  test("that cannot be loaded is an error with the reason", async () => {
    const { code, err } = await invoke("broken.ts");
    expect(code).toBe(1);
    expect(err).toStartWith("processor: the function could not be started:\n");
    expect(err).toContain("it exports no function that can be run");
  });
});

test("a running http trigger is called by its URL", async () => {
  const port = freePort();
  const run = await startRun({ source: nuclio, triggers: { api: { kind: "http", attributes: { port } } } });
  await run.waitForMessage(/^ready/u);
  const url = `http://127.0.0.1:${port}`;
  expect(await report(`${url}/from/url`)).toMatchObject({ code: 0, body: { text: "http GET /from/url  " } });
  expect(await report(url, "--path", "/option")).toMatchObject({ code: 0, body: { text: "http GET /option  " } });
  run.kill("SIGTERM");
  await run.ended;
  expect(await invoke(url)).toMatchObject({
    code: 1,
    out: `Failed after N ms: nobody listens at 127.0.0.1:${port}.\n`,
  });
});

describe("a wrong command line is told", () => {
  test.each([
    [["nuclio.ts", "--echo"], "--echo plays Envoy and has no meaning for this function"],
    [
      ["http://127.0.0.1:1/", "--buffer-limit", "3"],
      "--buffer-limit plays Envoy and has no meaning for a call over HTTP",
    ],
    [["http://127.0.0.1:1/", "--trigger", "job"], "--trigger is for function files"],
    [["nuclio.ts", "--trigger", "kafka"], '--trigger is one of extproc, http, job, cron, not "kafka"'],
    [["nuclio.ts", "--log-level", "loud"], '--log-level is one of debug, info, warn, error, not "loud"'],
    [["nuclio.ts", "--path", "orders"], '--path begins with "/"'],
    [["http://"], '"http://" is no URL such as http://127.0.0.1:8080/'],
  ])("%j", async (args, message) => {
    const { code, err } = await invoke(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
