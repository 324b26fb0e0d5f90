/** One measurement of a server, behind a proxy or not: the load, what the clients saw, and what it cost the server. */
import { percentilesOf } from "../latencies.ts";
import { type Measurement, type MeasureTimes, measureServer } from "../measure.ts";
import { type Pace, startHttpLoad } from "./load.ts";
import { encodeRequest } from "./request.ts";

export interface HttpMeasurement extends Measurement {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** All requests, the warm-up's too. */
  readonly requests: number;
  /** Answers other than 2xx and lost connections among them. */
  readonly failed: number;
}

/** Connections of every load. */
export const clientConnections = 32;

export async function measureHttp(
  port: number,
  pace: Pace,
  serverPid: number,
  times: MeasureTimes,
  request: Uint8Array = encodeRequest(),
): Promise<HttpMeasurement> {
  const load = await startHttpLoad({ port, request, connections: clientConnections }, pace);
  try {
    const measurement = await measureServer(load, serverPid, times, () => void load.takeLatencies());
    const { p50, p99 } = percentilesOf(load.takeLatencies());
    return { ...measurement, p50Ms: p50, p99Ms: p99, requests: load.completed, failed: load.failed };
  } finally {
    load.stop();
  }
}
