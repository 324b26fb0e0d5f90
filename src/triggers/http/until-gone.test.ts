import { expect, test } from "bun:test";
import { untilGone } from "./until-gone.ts";

const gone = (): Response => new Response(null, { status: 499 });

test("what settles is passed on", async () => {
  const request = new Request("http://localhost/");
  expect((await untilGone(Promise.resolve(new Response("yes")), request, gone)).status).toBe(200);
  await expect(untilGone(Promise.reject(new Error("no")), request, gone)).rejects.toThrow("no");
});

test.each([10, 1200])("a request whose client left after %i ms is let go", async (leavesAfterMs) => {
  const answered = Promise.withResolvers<number>();
  await using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const answer = await untilGone(new Promise<Response>(() => {}), request, gone);
      answered.resolve(answer.status);
      return answer;
    },
  });
  const leaving = AbortSignal.timeout(leavesAfterMs);
  await expect(fetch(server.url, { signal: leaving })).rejects.toThrow();
  expect(await answered.promise).toBe(499);
});
