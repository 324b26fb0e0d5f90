/** The table of bad input, each a few times: the answer that is specified, and others are served meanwhile. */
import { describe, expect, test } from "bun:test";
import { openConnection } from "../support/client.ts";
import { startProcessor } from "../support/processor.ts";
import { attributes, subjects } from "./cases.ts";
import { runBadInput } from "./run.ts";

describe.each(subjects)("$name", ({ file, spec, numWorkers, cases }) => {
  test.concurrent(
    "every bad input has its answer, and the process lives",
    async () => {
      await using processor = await startProcessor({
        kind: "http",
        function: { file },
        triggers: { api: attributes },
        numWorkers,
        spec,
      });
      const quick = cases.filter(({ seconds }) => seconds === undefined);
      const found: Record<string, readonly string[]> = {};
      for (const input of quick) found[input.name] = await runBadInput(processor.port, input, 5);
      expect(found).toEqual(Object.fromEntries(quick.map(({ name }) => [name, []])));
      expect(await processor.stop()).toBe(0);
    },
    30_000,
  );
});

test.concurrent(
  "a connection in use outlives idleTimeout",
  async () => {
    await using processor = await startProcessor({
      kind: "http",
      function: { source: "export default () => new Response();" },
      triggers: { api: { idleTimeout: "1s" } },
    });
    using connection = await openConnection(processor.port);
    // Longer than the step of the clock that finds idle connections.
    for (const end = performance.now() + 4500; performance.now() < end; await Bun.sleep(20)) {
      connection.send({ path: "/" });
      expect((await connection.response()).status).toBe(200);
    }
  },
  10_000,
);
