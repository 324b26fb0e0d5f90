/** OpenTelemetry for Kyma functions: a span for each event, continued from its caller's and handed on to whom it calls. */
import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, isTracingSuppressed, W3CTraceContextPropagator } from "@opentelemetry/core";
import { B3InjectEncoding, B3Propagator } from "@opentelemetry/propagator-b3";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { EventResult } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import type { EventRequest } from "../express-like/request.ts";
import { type OutgoingCall, patchOutgoingCalls, traceOutgoingCalls, type TracedCall } from "./outgoing-calls.ts";

export interface Tracing {
  readonly tracer: Tracer;
  /** Runs the call in a span of its own, below the one its header fields name. */
  trace(request: EventRequest, run: () => Promise<EventResult>): Promise<EventResult>;
  /** Sends what is waiting to be sent. */
  flush(): Promise<void>;
}

export interface TracingOptions {
  /** `service.name` of all spans. */
  readonly serviceName: string;
  /** `TRACE_COLLECTOR_ENDPOINT`, OTLP over HTTP. Absent: spans are made and handed on, and exported nowhere. */
  readonly collector: string | undefined;
  warn(message: string): void;
}

/**
 * Registers itself for the whole thread, so that `@opentelemetry/api` of the function's own finds it. Triggers of the
 * same function share one.
 */
export function openTracing(options: TracingOptions): Promise<Tracing> {
  const key = JSON.stringify([options.serviceName, options.collector]);
  if (opened?.key !== key) opened = { key, tracing: register(options) };
  return opened.tracing;
}

let opened: { readonly key: string; readonly tracing: Promise<Tracing> } | null = null;

/** Spans wait this long for others to be sent with them. */
const EXPORT_DELAY_MS = 1000;
const FLUSH_PATIENCE_MS = 2000;

async function register({ serviceName, collector, warn }: TracingOptions): Promise<Tracing> {
  const spanProcessors = collector === undefined || collector === "" ? [] : [await openExport(collector, warn)];
  const resource = resourceFromAttributes({ "service.name": serviceName });
  const provider = new TracerProvider({ resource, spanProcessors });
  const b3 = new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new CompositePropagator({ propagators: [b3, new W3CTraceContextPropagator()] }));
  trace.disable();
  trace.setGlobalTracerProvider(provider);
  const tracer = provider.getTracer("io.kyma-project.serverless");
  patchOutgoingCalls();
  traceOutgoingCalls((call) => traceCall(tracer, call));
  return {
    tracer,
    trace: (request, run) => traceEvent(tracer, request, run),
    async flush() {
      await provider.forceFlush({ timeoutMillis: FLUSH_PATIENCE_MS }).catch((error: unknown) => {
        warn(`spans could not be sent to ${collector ?? "the collector"}: ${String(error)}`);
      });
    },
  };
}

async function openExport(url: string, warn: (message: string) => void): Promise<SpanProcessor> {
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const exporter = new OTLPTraceExporter({ url });
  let isFailing = false;
  const send = exporter.export.bind(exporter);
  exporter.export = (spans, done) =>
    send(spans, (result) => {
      // Once for each time the collector goes away, not for each batch.
      if (result.error !== undefined && !isFailing) warn(`spans cannot be sent to ${url}: ${result.error.message}`);
      isFailing = result.error !== undefined;
      done(result);
    });
  return new BatchSpanProcessor({ exporter, scheduledDelayMillis: EXPORT_DELAY_MS });
}

async function traceEvent(
  tracer: Tracer,
  request: EventRequest,
  run: () => Promise<EventResult>,
): Promise<EventResult> {
  const parent = propagation.extract(ROOT_CONTEXT, request.headers);
  const attributes = {
    "http.request.method": request.method,
    "url.path": request.path,
    "url.scheme": request.protocol,
    "server.address": request.hostname,
  };
  const span = tracer.startSpan(request.method, { kind: SpanKind.SERVER, attributes }, parent);
  try {
    const result = await context.with(trace.setSpan(parent, span), run);
    endSpan(span, result.status, result.status >= 500);
    return result;
  } catch (error) {
    if (error instanceof EventError) {
      if (error.cause instanceof Error) span.recordException(error.cause);
      endSpan(span, error.answer.status, true);
    } else endSpan(span, 500, true);
    throw error;
  }
}

/** In the context of whoever calls. Nothing of the export itself is traced. */
function traceCall(tracer: Tracer, { method, url }: OutgoingCall): TracedCall | null {
  const parent = context.active();
  if (trace.getSpan(parent) === undefined || isTracingSuppressed(parent)) return null;
  const attributes = { "http.request.method": method, "url.full": withoutSecrets(url) };
  const span = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes }, parent);
  const headers: Record<string, string> = {};
  propagation.inject(trace.setSpan(parent, span), headers);
  return {
    headers,
    end(outcome) {
      if (!span.isRecording()) return;
      if (typeof outcome !== "number") span.recordException(outcome);
      endSpan(span, typeof outcome === "number" ? outcome : null, typeof outcome !== "number" || outcome >= 400);
    },
  };
}

function endSpan(span: Span, status: number | null, hasFailed: boolean): void {
  if (status !== null) span.setAttribute("http.response.status_code", status);
  if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Queries and credentials may hold what is nobody's business. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return "";
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
