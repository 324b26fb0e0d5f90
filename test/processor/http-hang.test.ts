/** A request whose function never stops is cut off: the runtime must not answer in the function's place. */
import { expect, test } from "bun:test";
import { startProcessor } from "../support/processor.ts";

const contracts: readonly [name: string, runtime: string, source: string][] = [
  ["a fetch handler", "", "export default { fetch() { for (;;); } };"],
  ["an async fetch handler, behind an await", "", "export default { async fetch() { await null; for (;;); } };"],
  ["a Nuclio handler", "nodejs", "export const handler = () => { for (;;); };"],
  [
    "an async Nuclio handler, behind an await",
    "nodejs",
    "export const handler = async () => { await null; for (;;); };",
  ],
];

test.concurrent.each(contracts)("%s", async (_, runtime, source) => {
  await using processor = await startProcessor({
    kind: "http",
    function: { source },
    spec: { runtime, hangTimeout: "200ms" },
  });
  const answer = await fetch(`http://127.0.0.1:${processor.port}/`).then(
    (response) => response.status,
    () => "cut off",
  );
  expect(answer).toBe("cut off");
  await processor.waitForLine(/worker 0 serves again/u);
});
