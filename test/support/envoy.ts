/** A real Envoy, configured from plain objects: any number of listeners, each with its own ext_proc filter. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { EnvoyVersion } from "../../scripts/fetch-envoy.ts";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { envoyPath } from "./executable.ts";
import { freePorts } from "./ports.ts";
import { startProcess } from "./process.ts";

export type BodyMode = "NONE" | "STREAMED" | "BUFFERED" | "BUFFERED_PARTIAL" | "FULL_DUPLEX_STREAMED";

/** Where a processor listens: TCP ports of 127.0.0.1 or the path of a unix socket. */
export type ProcessorAddress = number | string;

export interface ListenerOptions {
  /** The cluster of processors the filter talks to. */
  readonly processors: readonly ProcessorAddress[];
  readonly requestBody?: BodyMode;
  readonly responseBody?: BodyMode;
  /** Fields of `processing_mode` beside the bodies. */
  readonly processingMode?: object;
  /** Fields of the ext_proc filter, over the defaults below. */
  readonly filter?: object;
  /** Fields of the processors' cluster, e.g. health checks. */
  readonly cluster?: object;
  /** Fields of the connection manager, e.g. `upgrade_configs`. */
  readonly connectionManager?: object;
  /** Routes before the one to the upstream. */
  readonly routes?: readonly object[];
  /** HTTP filters before ext_proc. */
  readonly filtersBefore?: readonly object[];
  /** HTTP filters between ext_proc and the router. */
  readonly filtersBehind?: readonly object[];
  /** What Envoy buffers at most for each connection; its default is 1 MiB. */
  readonly bufferLimitBytes?: number;
  /** The upstream speaks HTTP/2 (gRPC). */
  readonly upstreamHttp2?: boolean;
}

export interface EnvoyOptions<Name extends string> {
  readonly version: EnvoyVersion;
  readonly upstreamPort: number;
  readonly listeners: Readonly<Record<Name, ListenerOptions>>;
  /** Envoy's worker threads. Default 1. */
  readonly concurrency?: number;
}

/** The counters of a filter, without their prefix: `streams_failed`, `spurious_msgs_received`, … */
export type Counters = Readonly<Record<string, number>>;

export interface Envoy<Name extends string> extends AsyncDisposable {
  readonly ports: Readonly<Record<Name, number>>;
  readonly adminPort: number;
  /** What Envoy logged: warnings and errors. */
  readonly lines: readonly string[];
  /** Every statistic whose name matches. */
  stats(filter: string): Promise<Counters>;
  /** The ext_proc counters of one listener, or of all together. */
  counters(listener?: Name): Promise<Counters>;
}

const type = "type.googleapis.com/envoy";

export async function startEnvoy<Name extends string>(options: EnvoyOptions<Name>): Promise<Envoy<Name>> {
  const names = Object.keys(options.listeners) as Name[];
  const [adminPort = 0, ...listenerPorts] = freePorts(names.length + 1);
  const ports = Object.fromEntries(names.map((name, index) => [name, listenerPorts[index]])) as Record<Name, number>;
  const directory = scratchDirectory();
  const file = join(directory, "envoy.json");
  const config = {
    admin: { address: socketAddress(adminPort) },
    static_resources: {
      listeners: names.map((name) => listener(name, ports[name], options.listeners[name])),
      clusters: names.flatMap((name) => clusters(name, options.upstreamPort, options.listeners[name])),
    },
  };
  await Bun.write(file, JSON.stringify(config, null, 1));
  const concurrency = String(options.concurrency ?? 1);
  const binary = await envoyPath(options.version);
  const child = startProcess({
    command: [
      binary,
      "-c",
      file,
      "--concurrency",
      concurrency,
      "--use-dynamic-base-id",
      "-l",
      "warning",
      "--file-flush-interval-msec",
      "100",
    ],
  });

  const stats = async (filter: string): Promise<Counters> => {
    const response = await fetch(`http://127.0.0.1:${adminPort}/stats?filter=${encodeURIComponent(filter)}`);
    const lines = (await response.text()).split("\n").filter((line) => /: \d+$/.test(line));
    return Object.fromEntries(lines.map((line) => splitStat(line)));
  };
  const dispose = async (): Promise<void> => {
    await child[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(adminPort, child.exited, child.lines);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    ports,
    adminPort,
    lines: child.lines,
    stats,
    counters: async (listenerName) => {
      const found = await stats(`^http\\.${listenerName ?? "[^.]*"}\\.ext_proc\\.`);
      const counters: Record<string, number> = {};
      for (const [name, value] of Object.entries(found)) {
        const short = name.slice(name.lastIndexOf(".") + 1);
        counters[short] = (counters[short] ?? 0) + value;
      }
      return counters;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

async function waitUntilReady(adminPort: number, exited: Promise<number>, lines: readonly string[]): Promise<void> {
  let code: number | null = null;
  void exited.then((found) => (code = found));
  for (const deadline = Date.now() + 20_000; Date.now() < deadline && code === null; await Bun.sleep(25)) {
    const response = await fetch(`http://127.0.0.1:${adminPort}/ready`).catch(() => null);
    if (response?.ok === true) return;
  }
  throw new Error(`Envoy ${code === null ? "was not ready in time" : `ended with ${code}`}:\n${lines.join("\n")}`);
}

function listener(name: string, port: number, options: ListenerOptions): object {
  const { requestBody = "NONE", responseBody = "NONE" } = options;
  return {
    name,
    address: socketAddress(port),
    ...bufferLimit(options),
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typed_config: {
              "@type": `${type}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
              stat_prefix: name,
              codec_type: "AUTO",
              stream_idle_timeout: "30s",
              route_config: {
                name,
                virtual_hosts: [
                  {
                    name: "all",
                    domains: ["*"],
                    routes: [
                      ...(options.routes ?? []),
                      { match: { prefix: "/" }, route: { cluster: `${name}-upstream`, timeout: "30s" } },
                    ],
                  },
                ],
              },
              http_filters: [
                ...(options.filtersBefore ?? []),
                {
                  name: "envoy.filters.http.ext_proc",
                  typed_config: {
                    "@type": `${type}.extensions.filters.http.ext_proc.v3.ExternalProcessor`,
                    grpc_service: { envoy_grpc: { cluster_name: `${name}-processor` } },
                    message_timeout: "5s",
                    max_message_timeout: "30s",
                    allow_mode_override: true,
                    processing_mode: {
                      request_header_mode: "SEND",
                      response_header_mode: "SEND",
                      request_body_mode: requestBody,
                      response_body_mode: responseBody,
                      ...options.processingMode,
                    },
                    ...options.filter,
                  },
                },
                ...(options.filtersBehind ?? []),
                {
                  name: "envoy.filters.http.router",
                  typed_config: { "@type": `${type}.extensions.filters.http.router.v3.Router` },
                },
              ],
              ...options.connectionManager,
            },
          },
        ],
      },
    ],
  };
}

function clusters(name: string, upstreamPort: number, options: ListenerOptions): object[] {
  const processor = cluster(`${name}-processor`, options.processors.map(processorAddress), true);
  const upstream = cluster(`${name}-upstream`, [socketAddress(upstreamPort)], options.upstreamHttp2 === true);
  return [
    { ...processor, ...options.cluster },
    { ...upstream, ...bufferLimit(options) },
  ];
}

function bufferLimit({ bufferLimitBytes }: ListenerOptions): object {
  return bufferLimitBytes === undefined ? {} : { per_connection_buffer_limit_bytes: bufferLimitBytes };
}

function cluster(name: string, addresses: readonly object[], http2: boolean): object {
  const protocol = http2 ? { http2_protocol_options: {} } : { http_protocol_options: { enable_trailers: true } };
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    circuit_breakers: { thresholds: [{ max_connections: 10_000, max_pending_requests: 10_000, max_requests: 10_000 }] },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": `${type}.extensions.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: protocol,
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: addresses.map((address) => ({ endpoint: { address } })) }],
    },
  };
}

function processorAddress(address: ProcessorAddress): object {
  return typeof address === "number" ? socketAddress(address) : { pipe: { path: address } };
}

function socketAddress(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

function splitStat(line: string): [string, number] {
  const colon = line.lastIndexOf(": ");
  return [line.slice(0, colon), Number(line.slice(colon + 2))];
}
