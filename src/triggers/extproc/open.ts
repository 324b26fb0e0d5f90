/** Opens the trigger in this thread: the listener, the gRPC services on it, and what its exchanges share. */
import type { Middleware } from "../../function/contract.ts";
import type { LoadedFunction } from "../../function/loaded-function.ts";
import { createGrpcAcceptor } from "../../grpc/acceptor.ts";
import type { GrpcService } from "../../grpc/contract.ts";
import { HealthRegistry, ServingStatus } from "../../grpc/health.ts";
import type { Http2Observer, ListenAddress } from "../../http2/contract.ts";
import { openHttp2Server } from "../../http2/server.ts";
import * as metrics from "../../telemetry/metrics.ts";
import { type OpenTrigger, type OpenTriggerConfig, TriggerError, type TriggerHost } from "../contract.ts";
import type { ExtprocAttributes } from "./attributes.ts";
import { startDeadlineSweep } from "./deadline-sweep.ts";
import { ExtprocMetrics } from "./exchange-metrics.ts";
import { createHeaderGuard, type ExtprocService, type ServedExchange } from "./service.ts";
import { Session } from "./session.ts";
import { ProcessingRequestReader } from "./wire/processing-request.ts";

const SERVICE_NAME = "envoy.service.ext_proc.v3.ExternalProcessor";

export async function openExtproc(
  trigger: OpenTriggerConfig<ExtprocAttributes>,
  host: TriggerHost,
): Promise<OpenTrigger> {
  const settings = trigger.attributes;
  const run = toMiddleware(host.function, trigger.name);
  const sessions = new Set<ServedExchange>();
  const service: ExtprocService = {
    settings,
    run,
    origin: host.function.origin,
    onError: settings.onError ?? (settings.type === null ? 500 : "pass"),
    runsWithoutRequest: settings.type !== null || settings.withoutRequest === "run",
    log: host.log,
    metrics: new ExtprocMetrics(host.metrics, trigger.name, host.workerIndex),
    headerGuard: createHeaderGuard(settings),
    reader: new ProcessingRequestReader(),
    sessions,
  };
  if (settings.type === null && settings.onError === "pass" && host.workerIndex === 0) {
    host.log.warn('onError is "pass": a function that fails lets its exchange through');
  }
  const processor: GrpcService = {
    name: SERVICE_NAME,
    methods: { Process: { open: (call) => new Session(service, call) } },
  };
  const health = new HealthRegistry();
  health.set(SERVICE_NAME, ServingStatus.SERVING);
  const acceptor = createGrpcAcceptor({
    services: [processor, health.service],
    maxMessageBytes: settings.maxMessageBytes,
    observer: {
      callOpened() {},
      callEnded() {},
      receiverFailed: (path, error) => host.log.error({ err: error, path }, "a call failed inside the processor"),
    },
  });
  const server = await openHttp2Server(
    {
      address: listenAddress(settings, host.workerIndex),
      tls: settings.tls === null ? undefined : await readTls(settings.tls, trigger.name),
      reusePort: host.workerCount > 1,
      maxConcurrentStreams: settings.maxConcurrentStreams,
    },
    acceptor,
    createObserver(trigger.name, host),
  );
  const stopSweep = settings.timeoutMs === null ? null : startDeadlineSweep(sessions, settings.timeoutMs);
  return {
    address: formatAddress(server.address),
    gracefulShutdownTimeoutMs: settings.gracefulShutdownTimeoutMs,
    get inFlight() {
      return sessions.size;
    },
    async drain(deadline) {
      health.drain();
      await delay(settings.drainDelayMs, deadline);
      await server.drain(deadline);
      for (const session of sessions) session.endForDrain();
    },
    async close() {
      stopSweep?.();
      server.close();
    },
  };
}

function toMiddleware(loaded: LoadedFunction, triggerName: string): Middleware {
  if (loaded.contract === "middleware") return loaded.run;
  const setting = `spec.triggers.${triggerName}.attributes.type`;
  throw new TriggerError(
    "CONTRACT_MISMATCH",
    setting,
    `${loaded.origin.file} is a ${loaded.contract} function: an extproc trigger runs middleware, or Nuclio handlers with a type`,
  );
}

/** Threads share a TCP port; each needs a unix socket of its own. */
function listenAddress({ listen }: ExtprocAttributes, workerIndex: number): ListenAddress {
  if (listen.kind === "tcp" || workerIndex === 0) return listen;
  return { ...listen, path: `${listen.path}.${workerIndex}` };
}

async function readTls(tls: NonNullable<ExtprocAttributes["tls"]>, triggerName: string) {
  const read = async (key: string, file: string): Promise<string> => {
    try {
      return await Bun.file(file).text();
    } catch (error) {
      const setting = `spec.triggers.${triggerName}.attributes.tls.${key}`;
      throw new TriggerError("TLS_FILE_UNREADABLE", setting, `${file} cannot be read`, { cause: error });
    }
  };
  return {
    cert: await read("cert", tls.certFile),
    key: await read("key", tls.keyFile),
    clientCa: tls.clientCaFile === null ? undefined : await read("clientCa", tls.clientCaFile),
  };
}

function createObserver(triggerName: string, { metrics: recorder, log }: TriggerHost): Http2Observer {
  const open = recorder.number(metrics.http2Connections, [triggerName]);
  const total = recorder.number(metrics.http2ConnectionsTotal, [triggerName]);
  return {
    connectionOpened() {
      open.value++;
      total.value++;
    },
    connectionClosed(reason) {
      open.value--;
      log.debug({ reason }, "connection closed");
    },
    abuseRefused(budget) {
      recorder.number(metrics.abuseRefusals, [triggerName, budget]).value++;
      log.warn({ budget }, "a client went beyond an abuse budget: its connection was ended");
    },
  };
}

function formatAddress(address: ListenAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.hostname.includes(":")
    ? `[${address.hostname}]:${address.port}`
    : `${address.hostname}:${address.port}`;
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      resolve();
    }
  });
}
