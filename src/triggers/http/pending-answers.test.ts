import { expect, test } from "bun:test";
import { PendingAnswers } from "./pending-answers.ts";

const ok = (value: string): Response => new Response(value);
const failed = (): Response => new Response(null, { status: 500 });

function settle(pending: PendingAnswers, work: Promise<string>): Promise<Response | undefined> {
  return new Promise((resolve) => pending.settle(new Request("http://localhost/"), work, ok, failed, resolve));
}

test("what settles is answered", async () => {
  const pending = new PendingAnswers();
  expect(await (await settle(pending, Promise.resolve("yes")))?.text()).toBe("yes");
  expect((await settle(pending, Promise.reject(new Error("no"))))?.status).toBe(500);
  pending.close();
});

test.each([10, 250])("a request whose client left after %i ms is let go", async (leavesAfterMs) => {
  const pending = new PendingAnswers(50);
  const leaving = new AbortController();
  const answered = Promise.withResolvers<number | undefined>();
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      setTimeout(() => leaving.abort(), leavesAfterMs);
      const answer = await new Promise<Response | undefined>((resolve) => {
        pending.settle(request, new Promise<string>(() => {}), ok, failed, resolve);
      });
      answered.resolve(answer?.status);
      return answer ?? failed();
    },
  });
  expect(await fetch(server.url, { signal: leaving.signal }).catch((error: unknown) => error)).toBeInstanceOf(Error);
  expect(await answered.promise).toBe(499);
  pending.close();
});
