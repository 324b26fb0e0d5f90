/** Opens the trigger in this thread: the listener, the gRPC services on it, and what its exchanges share. */
import { createGrpcAcceptor } from "../../grpc/acceptor.ts";
import type { CallReceiver, GrpcService, ServerCall } from "../../grpc/contract.ts";
import { HealthRegistry, ServingStatus } from "../../grpc/health.ts";
import { createReflectionServices } from "../../grpc/reflection.ts";
import type { Http2Observer, ListenAddress } from "../../http2/contract.ts";
import { openHttp2Server } from "../../http2/server.ts";
import { abuseRefusals, http2Connections, http2ConnectionsTotal } from "../../telemetry/metrics.ts";
import type { OpenTrigger, OpenTriggerConfig, TriggerHost } from "../contract.ts";
import { readTls } from "../read-tls.ts";
import type { ExtprocAttributes } from "./attributes.ts";
import { startDeadlineSweep } from "./deadline-sweep.ts";
import { ExtprocMetrics } from "./exchange-metrics.ts";
import { ObserverSession } from "./observer-session.ts";
import { OpenExchanges } from "./open-exchanges.ts";
import { type ExtprocFunction, openFunction } from "./open-function.ts";
import { createHeaderGuard, type ExtprocService } from "./service.ts";
import { Session } from "./session.ts";
import { ProcessingRequestReader } from "./wire/processing-request.ts";
import { delay, untilAborted } from "../until-aborted.ts";

const SERVICE_NAME = "envoy.service.ext_proc.v3.ExternalProcessor";

export async function openExtproc(
  trigger: OpenTriggerConfig<ExtprocAttributes>,
  host: TriggerHost,
): Promise<OpenTrigger> {
  const timeoutMs = trigger.attributes.timeoutMs ?? (host.eventTimeoutMs || null);
  const settings = { ...trigger.attributes, timeoutMs };
  const metrics = new ExtprocMetrics(host.metrics, trigger.name, host.workerIndex);
  const opened = await openFunction(trigger, host, metrics);
  const sessions = new OpenExchanges();
  const service: ExtprocService = {
    settings,
    origin: host.function.origin,
    onError: settings.onError ?? (settings.type === null ? 500 : "pass"),
    runsWithoutRequest: settings.type !== null || settings.withoutRequest === "run",
    log: host.log,
    metrics,
    headerGuard: createHeaderGuard(settings),
    reader: new ProcessingRequestReader(),
    sessions,
    told: new Set(),
  };
  if (settings.type === null && settings.onError === "pass" && host.workerIndex === 0) {
    host.log.warn('onError is "pass": a function that fails lets its exchange through');
  }
  const processor: GrpcService = {
    name: SERVICE_NAME,
    methods: { Process: { open: createReceiver(opened, service) } },
  };
  const health = new HealthRegistry();
  health.set(SERVICE_NAME, ServingStatus.SERVING);
  const acceptor = createGrpcAcceptor({
    services: [processor, health.service, ...createReflectionServices([SERVICE_NAME, health.service.name])],
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
  const stopSweep = startDeadlineSweep(sessions, settings.timeoutMs);
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
      if (opened.kind === "observer") await untilAborted(opened.observer.idle(), deadline);
    },
    async close() {
      stopSweep();
      server.close();
      await opened.close();
    },
  };
}

function createReceiver(opened: ExtprocFunction, service: ExtprocService): (call: ServerCall) => CallReceiver {
  if (opened.kind === "observer") return (call) => new ObserverSession(service, opened.observer, call);
  const withFunction = { ...service, run: opened.run };
  return (call) => new Session(withFunction, call);
}

/** Threads share a TCP port; each needs a unix socket of its own. */
function listenAddress({ listen }: ExtprocAttributes, workerIndex: number): ListenAddress {
  if (listen.kind === "tcp" || workerIndex === 0) return listen;
  return { ...listen, path: `${listen.path}.${workerIndex}` };
}

function createObserver(triggerName: string, { metrics: recorder, log }: TriggerHost): Http2Observer {
  const open = recorder.number(http2Connections, [triggerName]);
  const total = recorder.number(http2ConnectionsTotal, [triggerName]);
  return {
    connectionOpened() {
      open.value++;
      total.value++;
    },
    connectionClosed(reason) {
      open.value--;
      log.debug({ reason }, "connection closed");
    },
    handlerFailed(error) {
      log.error({ err: error }, "a stream failed inside the processor");
    },
    abuseRefused(budget) {
      recorder.number(abuseRefusals, [triggerName, budget]).value++;
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
