/** Runs cells of the matrix through one Envoy: a listener for each mode and trigger, cells of a listener one by one. */
import { join } from "node:path";
import type { EnvoyVersion } from "../../../scripts/fetch-envoy.ts";
import { type ClientResponse, type Http2Client, openHttp2, request } from "../../support/client.ts";
import { type Envoy, type ListenerOptions, startEnvoy } from "../../support/envoy.ts";
import type { FieldLine } from "../../support/http1.ts";
import { startProcessor } from "../../support/processor.ts";
import { type Upstream, startUpstream } from "../../support/upstream.ts";
import { bodyToSend, trailersOf } from "./bodies.ts";
import { type Arrival, type Cell, type Mode, type Outcome, type Setting, digest, modes, sentHeaders } from "./cells.ts";

const MiB = 1_048_576;
const timeoutMs = 20_000;
const judged = ["streams_failed", "spurious_msgs_received", "message_timeouts", "rejected_header_mutations"] as const;

/** A function that is too slow has a short `timeout`; the others one that load does not reach. */
const triggers = {
  status: { timeout: "15s" },
  pass: { timeout: "15s", onError: "pass" },
  slowStatus: { timeout: "150ms" },
  slowPass: { timeout: "150ms", onError: "pass" },
} as const;
type Trigger = keyof typeof triggers;
type Lane = `${Mode}-${Trigger}`;

export interface Result {
  readonly cell: Cell;
  readonly outcome: Outcome;
}

export interface LaneCounters {
  readonly lane: string;
  readonly counters: Readonly<Record<string, number>>;
}

export interface MatrixRun {
  readonly results: readonly Result[];
  readonly lanes: readonly LaneCounters[];
}

const friendly: Readonly<Record<Mode, Omit<ListenerOptions, "processors">>> = {
  none: {},
  buffered: { requestBody: "BUFFERED", responseBody: "BUFFERED" },
  partial: { requestBody: "BUFFERED_PARTIAL", responseBody: "BUFFERED_PARTIAL" },
  streamed: { requestBody: "STREAMED", responseBody: "STREAMED" },
  eager: {
    requestBody: "STREAMED",
    responseBody: "STREAMED",
    filter: { send_body_without_waiting_for_header_response: true },
  },
  duplex: { requestBody: "FULL_DUPLEX_STREAMED", responseBody: "FULL_DUPLEX_STREAMED" },
  observed: {
    requestBody: "STREAMED",
    responseBody: "STREAMED",
    filter: { observability_mode: true, deferred_close_timeout: "1s" },
  },
};

/** With Envoy's defaults two of its threads stand before two workers, and it fails open where our policy is to pass. */
export async function runMatrix(
  version: EnvoyVersion,
  cells: readonly Cell[],
  setting: Setting = "friendly",
): Promise<MatrixRun> {
  await using upstream = startUpstream();
  await using processor = await startProcessor({
    function: { file: join(import.meta.dir, "function.ts") },
    numWorkers: setting === "defaults" ? 2 : 1,
    triggers: Object.fromEntries(
      Object.entries(triggers).map(([name, options]) => [name, { ...options, perRequestBodyBufferBytes: 16 * MiB }]),
    ),
  });
  const listeners: Partial<Record<Lane, ListenerOptions>> = {};
  for (const mode of modes) {
    for (const trigger of Object.keys(triggers) as Trigger[]) {
      listeners[`${mode}-${trigger}`] = {
        ...friendly[mode],
        ...(setting === "friendly" ? { bufferLimitBytes: 16 * MiB } : { filter: defaultFilter(mode, trigger) }),
        processors: [processor.ports[trigger] ?? 0],
        processingMode: setting === "friendly" || mode === "duplex" ? sendTrailers : {},
        connectionManager: { http_protocol_options: { enable_trailers: true } },
      };
    }
  }
  await using envoy = await startEnvoy({
    version,
    upstreamPort: upstream.port,
    listeners: listeners as Record<Lane, ListenerOptions>,
    concurrency: setting === "defaults" ? 2 : 1,
  });

  const lanes = Map.groupBy(cells, laneOf);
  const results: Result[] = [];
  await Promise.all(
    [...lanes].map(async ([lane, own]) => {
      await using http2 = await openHttp2(envoy.ports[lane]);
      for (const cell of own) {
        let outcome = await runCell(cell, envoy.ports[lane], upstream, http2);
        // A machine busy with other things can make 200 ms pass; a processor that is too slow is so every time.
        for (let again = 0; again < 5 && setting === "defaults" && isTimeout(outcome); again++) {
          outcome = await runCell(cell, envoy.ports[lane], upstream, http2);
        }
        results.push({ cell, outcome });
      }
    }),
  );
  const counted = [...lanes.keys()].map(async (lane) => ({ lane, counters: await judge(envoy, lane) }));
  return { results, lanes: await Promise.all(counted) };
}

function isTimeout(outcome: Outcome): boolean {
  return outcome !== "cut" && "status" in outcome && outcome.status === 504;
}

const sendTrailers = { request_trailer_mode: "SEND", response_trailer_mode: "SEND" } as const;

function defaultFilter(mode: Mode, trigger: Trigger): object {
  return {
    ...friendly[mode].filter,
    message_timeout: "0.2s",
    max_message_timeout: "0s",
    allow_mode_override: false,
    failure_mode_allow: trigger === "pass" || trigger === "slowPass",
  };
}

async function judge(envoy: Envoy<Lane>, lane: Lane): Promise<Record<string, number>> {
  const counters = await envoy.counters(lane);
  return Object.fromEntries(judged.map((name) => [name, counters[name] ?? 0]));
}

function laneOf({ mode, act, policy }: Cell): Lane {
  if (act === "slow") return policy === "pass" ? `${mode}-slowPass` : `${mode}-slowStatus`;
  return policy === "pass" ? `${mode}-pass` : `${mode}-status`;
}

let cellCount = 0;

async function runCell(cell: Cell, port: number, upstream: Upstream, http2: Http2Client): Promise<Outcome> {
  const path = `/cell/${++cellCount}`;
  const { act, side, body, protocol } = cell;
  const travelling = { body: bodyToSend(body), trailers: body === "trailers" ? trailersOf(body) : undefined };
  const optional = Object.fromEntries(Object.entries(travelling).filter(([, value]) => value !== undefined));
  let received: Arrival | null = null;
  upstream.answer(path, (found) => {
    upstream.requests.length = 0; // their bodies would pile up
    received = arrivalOf(found.headers, found.body, found.trailers);
    return side === "request" ? { body: "from upstream" } : { headers: [...sentHeaders], ...optional };
  });
  const headers: FieldLine[] = [
    ["x-act", act],
    ["x-side", side],
  ];
  if (side === "request") headers.push(...sentHeaders);
  // Both ways a function can be done with a request: leaving, and waiting for the response.
  if (protocol === "HTTP/2") headers.push(["x-stay", "yes"]);
  const sent = { method: "POST", path, headers, timeoutMs, ...(side === "request" ? optional : {}) };
  let response: ClientResponse;
  try {
    response = protocol === "HTTP/1.1" ? await request(port, sent) : await http2.request(sent);
  } catch (error) {
    const text = String(error);
    return /closed inside|reset|error code/.test(text) ? "cut" : { status: 0, text };
  }
  if (response.status !== 200) return { status: response.status, text: response.text };
  if (side === "response") return arrivalOf(response.headers, response.body, response.trailers);
  if (response.text !== "from upstream") return { status: 200, text: response.text };
  return received ?? { status: 200, text: "the upstream was not asked" };
}

/** Envoy adds these itself; a content-length is checked against the body. */
const ignored = new Set(
  "host x-act x-side x-stay x-forwarded-proto x-request-id x-envoy-expected-rq-timeout-ms transfer-encoding date server x-envoy-upstream-service-time".split(
    " ",
  ),
);

function arrivalOf(headers: readonly FieldLine[], body: Uint8Array, trailers: readonly FieldLine[]): Arrival {
  const shown = headers.filter(
    ([name, value]) => !ignored.has(name) && !(name === "content-length" && value === String(body.length)),
  );
  return { headers: shown, body: digest(body), trailers };
}
