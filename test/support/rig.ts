/**
 * A processor, a real Envoy in front of it and an upstream behind, once for each Envoy version. After every test Envoy's
 * own counters are the judge: nothing failed, nothing was out of order, nothing was refused, unless the test says so.
 */
import { afterAll, afterEach, beforeAll, describe, expect } from "bun:test";
import { type EnvoyVersion, envoyVersions } from "../../scripts/fetch-envoy.ts";
import { type BodyMode, type Counters, type Envoy, type ListenerOptions, startEnvoy } from "./envoy.ts";
import { type ProcessorOptions, type RunningProcessor, startProcessor } from "./processor.ts";
import { type Upstream, startUpstream } from "./upstream.ts";

export interface Rig<Name extends string> {
  readonly version: EnvoyVersion;
  readonly processor: RunningProcessor;
  readonly envoy: Envoy<Name>;
  readonly upstream: Upstream;
  /** Ports of Envoy's listeners. */
  readonly ports: Readonly<Record<Name, number>>;
  /** Says what the judged counters will show after this test. */
  expectCounters(counters: Partial<Record<JudgedCounter, number>>): void;
  /** ext_proc counters since the test began. */
  countersSince(): Promise<Counters>;
}

const judged = ["streams_failed", "spurious_msgs_received", "message_timeouts", "rejected_header_mutations"] as const;
type JudgedCounter = (typeof judged)[number];

/** Where a listener's processors are: filled in from the processor's triggers, by trigger name. */
export type RigListener = Omit<ListenerOptions, "processors"> & {
  /** Name of the processor's trigger. Default: its first. */
  readonly trigger?: string;
};

/** Bodies and trailers of both directions are sent, in this mode. */
export function bothWays(mode: BodyMode, more: RigListener = {}): RigListener {
  return {
    requestBody: mode,
    responseBody: mode,
    processingMode: { request_trailer_mode: "SEND", response_trailer_mode: "SEND" },
    connectionManager: { http_protocol_options: { enable_trailers: true } },
    ...more,
  };
}

/** A listener for each way in which a body reaches a function whole or as it flows. */
export const listenersByMode = {
  none: bothWays("NONE"),
  buffered: bothWays("BUFFERED"),
  streamed: bothWays("STREAMED"),
  duplex: bothWays("FULL_DUPLEX_STREAMED"),
} as const;

export const bodyModes = ["none", "buffered", "streamed", "duplex"] as const;

export interface RigOptions<Name extends string> {
  readonly processor: ProcessorOptions;
  readonly listeners: Readonly<Record<Name, RigListener>>;
  readonly concurrency?: number;
}

/** Runs `body` once for each Envoy; the rig is there inside tests and hooks only. */
export function describeWithEnvoys<Name extends string>(
  name: string,
  options: RigOptions<Name>,
  body: (rig: Rig<Name>) => void,
): void {
  for (const version of envoyVersions) {
    describe(`${name}, Envoy ${version}`, () => {
      const stack = new AsyncDisposableStack();
      let parts: Parts<Name> | null = null;
      let before: Counters = {};
      let expected: Partial<Record<JudgedCounter, number>> = {};
      const part = (): Parts<Name> => {
        if (parts === null) throw new Error("the rig is not running");
        return parts;
      };

      beforeAll(async () => {
        parts = await start(version, options, stack);
      }, 120_000);
      afterAll(() => stack.disposeAsync(), 30_000);
      afterEach(async () => {
        const counters = await settledCounters(part().envoy);
        const found = Object.fromEntries(judged.map((key) => [key, delta(counters, before, key)]));
        const wanted = Object.fromEntries(judged.map((key) => [key, expected[key] ?? 0]));
        before = counters;
        expected = {};
        expect(found).toEqual(wanted);
      });

      body({
        version,
        get processor() {
          return part().processor;
        },
        get envoy() {
          return part().envoy;
        },
        get upstream() {
          return part().upstream;
        },
        get ports() {
          return part().envoy.ports;
        },
        expectCounters: (counters) => {
          expected = counters;
        },
        countersSince: async () => {
          const counters = await settledCounters(part().envoy);
          return Object.fromEntries(Object.keys(counters).map((key) => [key, delta(counters, before, key)]));
        },
      });
    });
  }
}

interface Parts<Name extends string> {
  readonly processor: RunningProcessor;
  readonly envoy: Envoy<Name>;
  readonly upstream: Upstream;
}

async function start<Name extends string>(
  version: EnvoyVersion,
  options: RigOptions<Name>,
  stack: AsyncDisposableStack,
): Promise<Parts<Name>> {
  const upstream = stack.use(startUpstream());
  const processor = stack.use(await startProcessor(options.processor));
  const entries = Object.entries<RigListener>(options.listeners).map(([name, { trigger, ...listener }]) => {
    const port = trigger === undefined ? processor.port : processor.ports[trigger];
    if (port === undefined) throw new Error(`no trigger ${trigger}`);
    return [name, { ...listener, processors: [port] }];
  });
  const listeners = Object.fromEntries(entries) as Record<Name, ListenerOptions>;
  const concurrency = options.concurrency ?? 1;
  const envoy = stack.use(await startEnvoy({ version, upstreamPort: upstream.port, listeners, concurrency }));
  return { processor, envoy, upstream };
}

/** Envoy merges its threads' counters now and then; a stream's end is counted a moment after its answer was seen. */
async function settledCounters<Name extends string>(envoy: Envoy<Name>): Promise<Counters> {
  let last = await envoy.counters();
  for (let round = 0; round < 20; round++) {
    await Bun.sleep(10);
    const next = await envoy.counters();
    if (Bun.deepEquals(last, next)) return next;
    last = next;
  }
  return last;
}

function delta(after: Counters, before: Counters, key: string): number {
  return (after[key] ?? 0) - (before[key] ?? 0);
}
