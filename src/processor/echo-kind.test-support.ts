/** A trigger kind for tests: an HTTP server whose paths make the worker misbehave. */
import * as v from "valibot";
import { exchangesInFlight, exchanges } from "../telemetry/metrics.ts";
import { type TriggerHost, type TriggerKind, type TriggerOpener, TriggerError } from "../triggers/contract.ts";

export interface EchoAttributes {
  readonly port: number;
  readonly gracefulShutdownTimeoutMs: number;
}

export const echoKind: TriggerKind<EchoAttributes> = {
  kind: "echo",
  placement: "every-worker",
  attributes: v.object({ port: v.number(), gracefulShutdownTimeoutMs: v.number() }),
  listensOn: ({ attributes }) => ({ hostname: "127.0.0.1", port: attributes.port, setting: "attributes.port" }),
};

export const openEcho: TriggerOpener<EchoAttributes> = async ({ name, attributes }, host) => {
  let draining = false;
  const inFlight = host.metrics.number(exchangesInFlight, [name]);
  const completed = host.metrics.number(exchanges, [name, "completed"]);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: attributes.port,
    reusePort: true,
    async fetch(request) {
      inFlight.value++;
      try {
        return await answer(new URL(request.url), host);
      } finally {
        inFlight.value--;
        completed.value++;
      }
    },
  });
  if (server.port === undefined) throw new TriggerError("NO_PORT", "attributes.port", "no port");
  return {
    address: `127.0.0.1:${server.port}`,
    get inFlight() {
      return inFlight.value;
    },
    gracefulShutdownTimeoutMs: attributes.gracefulShutdownTimeoutMs,
    async drain(deadline) {
      draining = true;
      while (draining && inFlight.value > 0 && !deadline.aborted) await Bun.sleep(5);
    },
    close: () => server.stop(true),
  };
};

async function answer({ pathname, searchParams }: URL, host: TriggerHost): Promise<Response> {
  switch (pathname) {
    case "/spin":
      for (;;);
    case "/exit":
      return process.exit(Number(searchParams.get("code") ?? 0));
    case "/sleep":
      await Bun.sleep(Number(searchParams.get("ms")));
      break;
    case "/totals": {
      const totals = await host.collectTotals(["processor_exchanges_total"]);
      return Response.json(totals.map(({ labels, values }) => [...labels, ...values]));
    }
    case "/env":
      return new Response(process.env[searchParams.get("name") ?? ""] ?? "unset");
  }
  return new Response(`worker ${host.workerIndex} of ${host.workerCount}`);
}
