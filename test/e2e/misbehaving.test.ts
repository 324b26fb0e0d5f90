/**
 * Functions that block their thread, end it or take a lot of memory: at most the exchanges on that worker's
 * connections are lost, a fresh worker answers within two seconds, and with `failure_mode_allow` every client gets 2xx.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { request } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import { type Rig, describeWithEnvoys } from "../support/rig.ts";

/** A stream that died with its worker is a failed stream in Envoy's eyes: how many there are is up to timing. */
async function expectAliveWithin(rig: Rig<"main">, limitMs: number): Promise<void> {
  const started = performance.now();
  for (;;) {
    const response = await request(rig.ports.main, { path: "/" });
    expect(response.status).toBe(200);
    const elapsed = performance.now() - started;
    if (clientValues(response, "x-function")[0] === "alive") return expect(elapsed).toBeLessThan(limitMs);
    if (elapsed > limitMs) throw new Error(`no worker answered within ${limitMs} ms`);
    await Bun.sleep(20);
  }
}

describeWithEnvoys(
  "misbehaving functions",
  {
    processor: {
      function: { file: join(import.meta.dir, "functions", "misbehaving.ts") },
      triggers: { main: { timeout: "4s" } },
      // The hang itself takes this long to be noticed; what follows is the two seconds.
      spec: { hangTimeout: "500ms" },
    },
    listeners: { main: { filter: { failure_mode_allow: true, message_timeout: "1s" } } },
  },
  (rig) => {
    for (const path of ["/loop", "/exit"]) {
      test(`${path} costs its own exchanges only, and a fresh worker takes over`, async () => {
        await expectAliveWithin(rig, 2000);
        const others = Array.from({ length: 10 }, () => request(rig.ports.main, { path: "/" }));
        const culprit = await request(rig.ports.main, { path, timeoutMs: 5000 });
        const statuses = (await Promise.all(others)).map((response) => response.status);
        expect([culprit.status, ...new Set(statuses)]).toEqual([200, 200]);
        await expectAliveWithin(rig, 2000);
        const counters = await rig.countersSince();
        rig.expectCounters({
          streams_failed: counters["streams_failed"] ?? 0,
          message_timeouts: counters["message_timeouts"] ?? 0,
        });
      }, 15_000);
    }

    test("one GiB of memory does not end the process", async () => {
      const response = await request(rig.ports.main, { path: "/hoard", timeoutMs: 8000 });
      expect(response.status).toBe(200);
      await expectAliveWithin(rig, 2000);
      const counters = await rig.countersSince();
      rig.expectCounters({
        streams_failed: counters["streams_failed"] ?? 0,
        message_timeouts: counters["message_timeouts"] ?? 0,
      });
    }, 15_000);

    test("the loss of a worker is logged and counted", async () => {
      expect(await rig.processor.metric("processor_worker_losses_total", { cause: "hang" })).toBeGreaterThan(0);
      expect(await rig.processor.metric("processor_worker_losses_total", { cause: "exit" })).toBe(1);
    });
  },
);
