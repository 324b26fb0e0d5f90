/** Jobs and schedules in Python: exit codes, and an end as soon as the function has ended. */
import { expect, test } from "bun:test";
import { runToEnd } from "../support/run-to-end.ts";

const source = `
def init_context(context):
    context.platform.set_termination_callback(lambda: print("cleaned up"))

def handler(context, event):
    text = event.body.decode()
    if text == "raise":
        raise LookupError("no such order")
    if text == "kill":
        import os
        os.kill(os.getpid(), 9)
    if text.isdigit():
        return int(text), "the status is " + text
    return ",".join([event.trigger.kind, event.method, event.path, event.get_header("x-a"), text])
`;

const job = (body: string, attributes: object = {}) =>
  runToEnd({
    source: "",
    files: { "function.py": source },
    spec: { runtime: "python", handler: "function:handler" },
    triggers: {
      once: {
        kind: "job",
        attributes: { event: { body, method: "PUT", path: "/p", headers: { "X-A": "1" } }, ...attributes },
      },
    },
  });

test("a job calls the handler once and ends with 0 when it answers 2xx, after its termination callback", async () => {
  const { code, messages, tookMs } = await job("go");
  expect([code, tookMs < 5000]).toEqual([0, true]);
  expect(messages).toContain('job "once": python <dir>/function.py, 1 worker');
  expect(messages).toContain('job "once" succeeded after N ms: 200, job,PUT,/p,1,go');
  expect(messages).toContain("cleaned up");
});

test.each([
  ["404", 'job "once" failed after N ms: 404, the status is 404'],
  ["raise", 'job "once" failed after N ms: LookupError: no such order (<dir>/function.py:8:1)'],
  ["kill", /^job "once" failed after N ms: .*Python process was killed by SIGKILL before it answered/],
])("%s is a failure that is told", async (body, message) => {
  const { code, messages } = await job(body);
  expect([code, messages.some((each) => (message instanceof RegExp ? message.test(each) : each === message))]).toEqual([
    1,
    true,
  ]);
});

test("a job that lost its process may be tried again", async () => {
  const { code, messages } = await job("kill", { retries: { max: 1, backoff: "10ms" } });
  expect([code, messages.filter((each) => each.includes("attempt 2 of 2")).length]).toEqual([1, 2]);
});
