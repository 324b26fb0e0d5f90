/** Jobs in the executable: exit codes, results, retries, cancelling, and what the log says. */
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { runToEnd, startRun } from "../support/run-to-end.ts";

/** Does what the body of its event says. */
const source = `
import { appendFileSync } from "node:fs";
export async function handler(context, event) {
  const text = event.body.toString();
  appendFileSync("calls", event.id + "\\n");
  switch (text) {
    case "throw": throw new Error("no such order");
    case "exit": return process.exit(0);
    case "spin": for (;;);
    case "sleep": await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
  if (/^\\d+$/.test(text)) return new context.Response("the status is " + text, {}, "text/plain", Number(text));
  return JSON.stringify([event.trigger, event.method, event.path, event.headers, text]);
}`;

const once = (attributes: object) => ({ once: { kind: "job", attributes } });
const job = (body: unknown, attributes: object = {}) =>
  runToEnd({ source, triggers: once({ event: { body }, ...attributes }) });
const callsOf = async (directory: string): Promise<string[]> =>
  (await Bun.file(join(directory, "calls")).text()).trim().split("\n");

test("a job calls the function once with its event and ends with 0 when it answers 2xx", async () => {
  const event = { body: "go", method: "PUT", path: "/orders?id=7", headers: { "X-A": "1", "X-B": 2 } };
  const { code, messages } = await runToEnd({ source, triggers: once({ event }) });
  expect(code).toBe(0);
  expect(messages).toEqual([
    'job "once": nuclio <dir>/function.ts, 1 worker',
    "ready in N ms",
    'job "once" succeeded after N ms: 200, [{"kind":"job","name":"once"},"PUT","/orders",{"X-A":"1","X-B":"2"},"go"]',
    "every job has ended: finishing what is in flight",
    "ended",
  ]);
  expect((await job("201")).code).toBe(0);
});

test("any other status is a failure, and so is a throw, which is told with file and line", async () => {
  const answered = await job("404");
  expect(answered.code).toBe(1);
  expect(answered.messages).toContain('job "once" failed after N ms: 404, the status is 404');
  const threw = await job("throw");
  expect(threw.code).toBe(1);
  expect(threw.messages).toContain('job "once" failed after N ms: no such order (<dir>/function.ts:7:29)');
});

test("a failed job is tried again as often as its retries allow, with the same event", async () => {
  const { code, directory, messages } = await job("throw", { retries: { max: 2, backoff: "10ms" } });
  expect(code).toBe(1);
  const calls = await callsOf(directory);
  expect(calls).toHaveLength(3);
  expect(new Set(calls).size).toBe(1);
  expect(messages.filter((message) => message.includes("attempt"))).toEqual([
    'job "once" failed after N ms, attempt 1 of 3: no such order (<dir>/function.ts:7:29)',
    'job "once": attempt 2 of 3 in N ms',
    'job "once" failed after N ms, attempt 2 of 3: no such order (<dir>/function.ts:7:29)',
    'job "once": attempt 3 of 3 in N ms',
    'job "once" failed after N ms, attempt 3 of 3: no such order (<dir>/function.ts:7:29)',
  ]);
});

test("a worker that dies or hangs fails the job, and only retries run it again", async () => {
  const died = await job("exit");
  expect(died.code).toBe(1);
  expect(died.messages).toContain('job "once" failed after N ms: the function called process.exit(0)');
  expect(await callsOf(died.directory)).toHaveLength(1);

  const triggers = once({ event: { body: "spin" }, retries: { max: 1, backoff: "1ms" } });
  const hung = await runToEnd({ source, triggers, spec: { hangTimeout: "300ms" } });
  expect(hung.code).toBe(1);
  expect(hung.messages).toContain(
    'job "once" failed after N ms, attempt 2 of 2: the function kept its thread busy for N s without a pause (spec.hangTimeout)',
  );
  expect(await callsOf(hung.directory)).toHaveLength(2);
});

test("a function may keep its thread busy as long as the job's timeout lasts", async () => {
  const busy = "export function handler() { const end = Date.now() + 700; while (Date.now() < end); return 'done'; }";
  const triggers = once({ timeout: "1m" });
  const { code } = await runToEnd({ source: busy, triggers, spec: { hangTimeout: "200ms" } });
  expect(code).toBe(0);
});

test("a job that takes longer than its timeout has failed", async () => {
  const { code, messages } = await job("sleep", { timeout: "100ms", gracefulShutdownTimeout: "50ms" });
  expect(code).toBe(1);
  expect(messages).toContain('job "once" failed after N ms: it took longer than N ms');
});

/** Sees its signal, and takes a moment to clean up. */
const cleaning = `
import { writeFileSync } from "node:fs";
export default { async fetch(request) {
  console.log("begun");
  await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  writeFileSync("cleaned", String(request.signal.reason.message));
  return new Response("half done");
} };`;

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)(
  "%s cancels: the signal of the call aborts, there is time to clean up, and the exit code says so",
  async (signal, code) => {
    const run = await startRun({ source: cleaning, triggers: once({ retries: { max: 5 } }), spec: { runtime: "" } });
    await run.waitForMessage(/^begun$/);
    run.kill(signal);
    const ended = await run.ended;
    expect(ended.code).toBe(code);
    expect(ended.messages).toContain('job "once" cancelled after N ms, attempt 1 of 6: 200, half done');
    expect(await Bun.file(join(run.directory, "cleaned")).text()).toBe("the processor ends");
  },
);

test("what does not clean up in gracefulShutdownTimeout is cut off", async () => {
  const run = await startRun({
    source,
    triggers: once({ event: { body: "sleep" }, gracefulShutdownTimeout: "100ms" }),
  });
  await run.waitForMessage(/^ready/);
  await Bun.sleep(50);
  run.kill("SIGTERM");
  const ended = await run.ended;
  expect(ended.code).toBe(143);
  expect(ended.messages).toContain('job "once" cancelled after N ms: cut off');
});

test("a signal between two attempts ends the job", async () => {
  const run = await startRun({
    source,
    triggers: once({ event: { body: "throw" }, retries: { max: 1, backoff: "1m" } }),
  });
  await run.waitForMessage(/attempt 2 of 2/);
  run.kill("SIGTERM");
  expect((await run.ended).code).toBe(143);
});

test("the result is kept in a file, with nothing beside it", async () => {
  const { code, directory } = await job("200", { resultFile: "result.txt" });
  expect(code).toBe(0);
  expect(await Bun.file(join(directory, "result.txt")).text()).toBe("the status is 200");
  expect((await readdir(directory)).sort()).toEqual(["calls", "function.ts", "processor.yaml", "result.txt"]);
});

test("a result that could not be kept is an error before the function is called", async () => {
  const { code, directory, stderr } = await job("200", { resultFile: "out/result.txt" });
  expect({ code, stderr: stderr.replaceAll(directory, "<dir>") }).toEqual({
    code: 1,
    stderr: `processor: the result of the job cannot be kept: <dir>/out does not exist
  setting: spec.triggers.once.attributes.resultFile
`,
  });
  expect(await readdir(directory)).not.toContain("calls");
});

test("a failed job keeps no result", async () => {
  const { code, directory } = await job("500", { resultFile: "result.txt" });
  expect(code).toBe(1);
  expect(await readdir(directory)).not.toContain("result.txt");
});

test("a result on standard output has it to itself, binary as it is", async () => {
  const binary = 'export function handler() { console.log("hello"); return new Uint8Array(300_000).fill(255); }';
  const run = await startRun({ source: binary, triggers: once({ resultFile: "-" }) });
  const { code, stdout, messages } = await run.ended;
  expect(code).toBe(0);
  expect(stdout).toBe("\ufffd".repeat(300_000));
  expect(messages).toContain("hello");
  expect((await job("200", { resultFile: "stdout" })).stdout).toBe("the status is 200");
});

test("several jobs all run to their end, and one that failed decides the exit code", async () => {
  const triggers = {
    first: { kind: "job", attributes: { event: { body: "throw" } } },
    second: { kind: "job", attributes: { event: { body: "200" } } },
    third: { kind: "job", attributes: { event: { body: { json: true } } } },
  };
  const { code, messages } = await runToEnd({ source, triggers });
  expect(code).toBe(1);
  const outcomes = messages.flatMap(
    (message) => /^job "(\w+)" (failed|succeeded)/.exec(message)?.slice(1).join(" ") ?? [],
  );
  expect(outcomes.sort()).toEqual(["first failed", "second succeeded", "third succeeded"]);
});

test("beside other triggers the job runs when they are open, and its end is theirs", async () => {
  const asking = `export default { async fetch(request) {
    if (new URL(request.url).pathname === "/asked") return new Response("answered");
    return new Response("the other trigger " + await (await fetch(process.env.ASK)).text());
  } };`;
  const port = freePort();
  const { code, messages } = await runToEnd({
    source: asking,
    triggers: { api: { kind: "http", numWorkers: 2, attributes: { port } }, ...once({ event: { path: "/ask" } }) },
    spec: { runtime: "" },
    env: { ASK: `http://127.0.0.1:${port}/asked` },
  });
  expect(code).toBe(0);
  expect(messages).toContain('job "once" succeeded after N ms: 200, the other trigger answered');
});

test("an empty job is over in less than 150 ms", async () => {
  const times: number[] = [];
  for (let run = 0; run < 7; run++) {
    const { code, tookMs } = await runToEnd({ source: "export function handler() {}", triggers: once({}) });
    expect(code).toBe(0);
    times.push(tookMs);
  }
  expect(Math.min(...times)).toBeLessThan(150);
});

test("the configuration of Digital Hub runs unchanged", async () => {
  const config = `apiVersion: nuclio.io/v1beta1
kind: NuclioFunction
spec:
  runtime: nodejs
  handler: handler:handler
  minReplicas: 1
  maxReplicas: 1
  triggers:
    job:
      kind: job
      attributes:
        event:
          body: '{"id":"run-1","spec":{"inputs":{"a":1}}}'
`;
  const handler = `exports.handler = (context, event) => {
    const run = JSON.parse(event.body);
    return new context.Response(run.id + " of a " + event.trigger.kind, {}, "text/plain", 200);
  };`;
  const { code, messages } = await runToEnd({
    source: "",
    triggers: {},
    files: { "handler.js": handler, "processor.yaml": config },
  });
  expect(messages).toContain('job "job" succeeded after N ms: 200, run-1 of a job');
  expect(code).toBe(0);
});

test("a hundred jobs in a row leave nothing behind", async () => {
  const sources = [..."0123"].map((digit) => `export const handler = () => "${digit}";`);
  for (let batch = 0; batch < 25; batch++) {
    const ended = await Promise.all(sources.map((each) => runToEnd({ source: each, triggers: once({}) })));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const left = await Promise.all(ended.map(({ directory }) => readdir(directory)));
    expect(left.map((names) => names.sort())).toEqual(left.map(() => ["function.ts", "processor.yaml"]));
  }
}, 60_000);

test("a default function that gives nothing has done its work", async () => {
  const source = "export default async () => {};";
  const { code, messages } = await runToEnd({ source, triggers: once({}), spec: { runtime: "" } });
  expect(code).toBe(0);
  expect(messages).toContain('job "once" succeeded after N ms: 204');
});

test("a signal while the function is still loading ends a job that was not done", async () => {
  const loading =
    "console.log('loading'); await new Promise((resolve) => setTimeout(resolve, 60_000)); export const handler = () => 1;";
  const run = await startRun({ source: loading, triggers: once({}) });
  await run.waitForMessage(/^loading$/);
  run.kill("SIGTERM");
  expect((await run.ended).code).toBe(143);
});
