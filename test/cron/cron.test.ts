/** Cron triggers in the executable: what the function gets, what the log says of every time, and the end. */
import { expect, test } from "bun:test";
import { runToEnd, startRun } from "../support/run-to-end.ts";

const source = `
let calls = 0;
export async function handler(context, event) {
  const text = event.body.toString();
  calls++;
  if (text === "exit" && calls === 2) process.exit(0);
  if (text === "block") for (const end = Date.now() + 250; Date.now() < end; );
  if (text === "throw") throw new Error("no luck");
  if (text.startsWith("sleep")) await new Promise((resolve) => setTimeout(resolve, Number(text.slice(5))));
  const { id, trigger, timestamp, method, path, headers } = event;
  const age = Math.abs(Date.now() - timestamp.getTime());
  return JSON.stringify({ id: id.length, trigger, fresh: age < 2000, method, path, headers, text });
}`;

const clock = (attributes: object) => ({ clock: { kind: "cron", numWorkers: 3, attributes } });

/** Lets it run until a line of the log matches, then ends it. Times of day are left out. */
async function run(attributes: object, until: RegExp, spec: object = {}) {
  const started = await startRun({ source, triggers: clock(attributes), spec });
  await started.waitForMessage(until);
  started.kill("SIGTERM");
  const { code, messages } = await started.ended;
  return { code, messages: messages.map((message) => message.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, "T")) };
}

test("an interval calls the function with its event, in one worker, until the process ends", async () => {
  const event = { body: "tick", path: "/tick", method: "POST", headers: { "X-A": "1" } };
  const { code, messages } = await run({ interval: "60ms", event }, /succeeded/u);
  expect(code).toBe(0);
  expect(messages.filter((message) => message.includes("first due"))).toEqual(['cron "clock": first due T']);
  const result =
    '{"id":36,"trigger":{"kind":"cron","name":"clock"},"fresh":true,"method":"POST","path":"/tick","headers":{"X-A":"1"},"text":"tick"}';
  expect(messages).toContain(`cron "clock" due T succeeded after N ms: 200, ${result}`);
});

test("a schedule with seconds is kept to the second", async () => {
  const { messages } = await run({ schedule: "*/1 * * * * *" }, /succeeded/u);
  expect(messages.some((message) => message.startsWith('cron "clock" due T succeeded'))).toBe(true);
});

test("a failed run is told with file and line, and the next one comes", async () => {
  const { code, messages } = await run({ interval: "50ms", event: { body: "throw" } }, /failed/u);
  expect(code).toBe(0);
  expect(messages).toContain('cron "clock" due T failed after N ms: no luck (<dir>/function.ts:8:35)');
});

test("Forbid skips what is due while a run is under way, and says so", async () => {
  const { messages } = await run({ interval: "60ms", event: { body: "sleep100" } }, /skipped/u);
  expect(messages).toContain('cron "clock" due T skipped: the one due T still runs (concurrencyPolicy Forbid)');
  expect(messages.at(-2)).toStartWith('cron "clock" due T succeeded');
});

test("Replace cancels the run under way", async () => {
  const attributes = { interval: "60ms", concurrencyPolicy: "Replace", event: { body: "sleep100" } };
  const { messages } = await run(attributes, /cancelled/u);
  expect(messages.some((message) => message.startsWith('cron "clock" due T cancelled after N ms: 200'))).toBe(true);
});

test("Allow lets runs overlap", async () => {
  const attributes = { interval: "60ms", concurrencyPolicy: "Allow", event: { body: "sleep200" } };
  const { messages } = await run(attributes, /succeeded/u);
  expect(messages.filter((message) => message.includes("skipped") || message.includes("missed"))).toEqual([]);
  // Those under way at the signal are waited for.
  expect(messages.filter((message) => message.includes("succeeded")).length).toBeGreaterThanOrEqual(3);
});

test("times that went by while the thread was busy are counted, and the latest one is made up for", async () => {
  const { messages } = await run({ interval: "50ms", event: { body: "block" } }, /missed/u);
  expect(
    messages.some((message) => /^cron "clock": \d runs were missed while the processor stood still$/.test(message)),
  ).toBe(true);
});

test("a run that begins later than startingDeadlineSeconds is skipped", async () => {
  const attributes = { interval: "50ms", startingDeadlineSeconds: 0, event: { body: "block" } };
  const { messages } = await run(attributes, /startingDeadlineSeconds/u);
  expect(messages).toContain('cron "clock" due T skipped: it is N ms late (startingDeadlineSeconds)');
});

test("after the death of its worker the schedule goes on in the next one", async () => {
  const started = await startRun({ source, triggers: clock({ interval: "80ms", event: { body: "exit" } }) });
  await started.waitForMessage(/worker 0 lost/u);
  await started.waitForMessage(/serves again/u);
  const seen = await startRun({ source, triggers: clock({ interval: "1h" }) });
  await seen.waitForMessage(/^ready/u);
  seen.kill("SIGTERM");
  started.kill("SIGTERM");
  const [first, idle] = await Promise.all([started.ended, seen.ended]);
  expect(first.messages.filter((message) => message.includes("first due"))).toHaveLength(2);
  // An hour to wait is no reason to stay.
  expect([idle.code, idle.messages.at(-1)]).toEqual([0, "ended"]);
});

test("what does not end in gracefulShutdownTimeout is cut off, and the exit code is 0", async () => {
  const attributes = { interval: "50ms", gracefulShutdownTimeout: "100ms", event: { body: "sleep60000" } };
  const { code, messages } = await run(attributes, /skipped/u);
  expect(code).toBe(0);
  expect(messages).toContain('cron "clock" due T cancelled: it was cut off by the end of the processor');
});

test("Kubeless' functions get the headers of its scheduled trigger", async () => {
  const kubeless = `module.exports = { tick(event) {
    const { "event-type": type, "event-namespace": namespace, "event-id": id, "event-time": time } = event;
    return JSON.stringify({ type, namespace, id: id.length, time: time.replace(/\\d/g, "9"), data: event.data });
  } };`;
  const started = await startRun({
    source: "",
    triggers: clock({ interval: "50ms", event: { body: '{"a":1}' } }),
    spec: { runtime: "kubeless", handler: "function.js:tick" },
    files: { "function.js": kubeless },
  });
  await started.waitForMessage(/succeeded|failed/u);
  started.kill("SIGTERM");
  const { messages } = await started.ended;
  const [first = ""] = messages.filter((message) => /succeeded|failed/u.test(message));
  expect(first.slice(first.indexOf("200, "))).toBe(
    '200, {"type":"application/json","namespace":"cronjobtrigger.kubeless.io","id":36,"time":"9999-99-99 99:99:99+99:99","data":{"a":1}}',
  );
});

test("a job beside a schedule ends the process", async () => {
  const triggers = { ...clock({ interval: "1h" }), once: { kind: "job" } };
  const { code, messages } = await runToEnd({ source, triggers });
  expect(code).toBe(0);
  expect(messages.at(-1)).toBe("ended");
});
