/**
 * Much traffic through a real Envoy: every answer is 2xx and right, Envoy saw no failed stream and no message out of
 * order, and all of it went over one connection. `bun test/e2e/volume.ts` runs the full volume.
 */
import { join } from "node:path";
import { type EnvoyVersion, envoyVersions } from "../../scripts/fetch-envoy.ts";
import { type ListenerOptions, startEnvoy } from "../support/envoy.ts";
import { type LoadResult, runLoad, startConstantUpstream } from "../support/load.ts";
import { killRunningProcesses } from "../support/process.ts";
import { startProcessor } from "../support/processor.ts";

const connections = 32;
const bodyBytes = 65_536;
/** What the function puts in the place of either body. */
const replacedRequestBytes = 10_000;
const replacedResponseBytes = 70_000;

export interface VolumeResult {
  readonly load: LoadResult;
  /** Everything that must hold and does not; empty when all is well. */
  readonly complaints: readonly string[];
}

/** GET requests in headers mode. */
export function runHeaderVolume(version: EnvoyVersion, requests: number): Promise<VolumeResult> {
  const bytes = Buffer.from("GET /headers HTTP/1.1\r\nhost: test.example\r\n\r\n");
  return runVolume(
    version,
    requests,
    {},
    () => bytes,
    "hello",
    (head, body) => (head.includes("\r\nx-function: response") && body.length === 5 ? null : `wrong answer: ${head}`),
  );
}

/** POST requests of 64 KiB in BUFFERED mode, both bodies replaced by ones of another length. */
export async function runBodyVolume(version: EnvoyVersion, requests: number): Promise<VolumeResult> {
  const head = `POST /replace HTTP/1.1\r\nhost: test.example\r\ncontent-length: ${bodyBytes}\r\n\r\n`;
  const bytes = Buffer.from(head + "b".repeat(bodyBytes));
  const buffered = { requestBody: "BUFFERED", responseBody: "BUFFERED" } as const;
  const seen = `\r\nx-function: ${bodyBytes} ${bodyBytes}`;
  return await runVolume(
    version,
    requests,
    buffered,
    () => bytes,
    "u".repeat(bodyBytes),
    (found, body) => {
      const right = body.length === replacedResponseBytes && body[0] === 0x6c && body.at(-1) === 0x6c;
      return right && found.includes(seen) ? null : `wrong answer: ${found}, body of ${body.length} bytes`;
    },
    replacedRequestBytes,
  );
}

async function runVolume(
  version: EnvoyVersion,
  requests: number,
  listener: Omit<ListenerOptions, "processors">,
  request: () => Uint8Array,
  upstreamBody: string,
  check: (head: string, body: Uint8Array) => string | null,
  bytesAtUpstream = 0,
): Promise<VolumeResult> {
  using upstream = startConstantUpstream(upstreamBody);
  await using processor = await startProcessor({
    function: { file: join(import.meta.dir, "functions", "volume.ts") },
    triggers: { main: { timeout: "4s" } },
  });
  await using envoy = await startEnvoy({
    version,
    upstreamPort: upstream.port,
    listeners: { main: { processors: [processor.port], ...listener } },
  });
  const load = await runLoad({ port: envoy.ports.main, requests, connections, request, check });
  await Bun.sleep(200); // The last streams are counted a moment after their answers.
  const counters = await envoy.counters();
  const connectionCounter = "cluster.main-processor.upstream_cx_total";
  const opened = (await envoy.stats(connectionCounter))[connectionCounter];
  const expectations: [string, number | undefined, number][] = [
    ["answers", load.answered, requests],
    ["failed answers", load.failed, 0],
    ["streams_started", counters["streams_started"], requests],
    ["streams_failed", counters["streams_failed"], 0],
    ["spurious_msgs_received", counters["spurious_msgs_received"], 0],
    ["message_timeouts", counters["message_timeouts"], 0],
    ["rejected_header_mutations", counters["rejected_header_mutations"], 0],
    [connectionCounter, opened, 1],
    ["requests at the upstream", upstream.requests, requests],
    ["body bytes at the upstream", upstream.bodyBytes, requests * bytesAtUpstream],
  ];
  const complaints = expectations
    .filter(([, found, expected]) => found !== expected)
    .map(([name, found, expected]) => `${name}: ${found}, expected ${expected}`);
  return { load, complaints: [...complaints, ...load.failures] };
}

if (import.meta.main) {
  process.on("exit", killRunningProcesses);
  let failed = 0;
  for (const version of envoyVersions) {
    for (const [name, requests, run] of [
      ["headers", 200_000, runHeaderVolume],
      ["64 KiB bodies replaced", 20_000, runBodyVolume],
    ] as const) {
      const { load, complaints } = await run(version, requests);
      const rate = `${load.requestsPerSecond.toFixed(0)}/s, p50 ${load.p50Ms.toFixed(1)} ms, p99 ${load.p99Ms.toFixed(1)} ms`;
      const verdict = complaints.length === 0 ? "pass" : "FAIL";
      console.log(`${verdict}  Envoy ${version}  ${requests} requests, ${name}: ${load.seconds.toFixed(1)} s, ${rate}`);
      for (const complaint of complaints) console.log(`      ${complaint}`);
      if (complaints.length > 0) failed++;
    }
  }
  process.exit(failed === 0 ? 0 : 1);
}
