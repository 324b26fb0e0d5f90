/**
 * Every metric of the processor, declared once. Names starting with `nuclio_processor_` are those Nuclio's processor
 * serves; the labels `instance`, `namespace`, `function` and `project` are added to all series when they are rendered.
 */
import type { MetricDefinition } from "./recorder.ts";

type NumberDefinition = MetricDefinition & { type: "counter" | "gauge" };
type HistogramDefinition = MetricDefinition & { type: "histogram" };

function counter(name: string, help: string, labels: readonly string[]): NumberDefinition {
  return { type: "counter", name, help, labels };
}

function gauge(name: string, help: string, labels: readonly string[]): NumberDefinition {
  return { type: "gauge", name, help, labels };
}

const triggerLabels = ["trigger_kind", "trigger_id"] as const;

/** `result` is "success" or "failure". An exchange, call or event that ended as its function meant it is a success. */
export const handledEvents = counter("nuclio_processor_handled_events_total", "Events handled by the function", [
  ...triggerLabels,
  "result",
]);
/** `worker_index` is the index of the worker thread. */
export const handledEventsDurationSum = counter(
  "nuclio_processor_handled_events_duration_milliseconds_sum",
  "Time spent in the function, in milliseconds",
  [...triggerLabels, "worker_index"],
);
export const handledEventsDurationCount = counter(
  "nuclio_processor_handled_events_duration_milliseconds_count",
  "Events whose duration was measured",
  [...triggerLabels, "worker_index"],
);
/** Of wrappers of Python functions, which take one event at a time. */
export const workerAllocations = counter(
  "nuclio_processor_worker_allocation_count",
  "Events that asked for a worker",
  triggerLabels,
);
/** `result` is "success_immediate", "success_after_wait" or "error_timeout". */
export const workerAllocationResults = counter(
  "nuclio_processor_worker_allocation_total",
  "Events that asked for a worker, by how they got one",
  [...triggerLabels, "result"],
);
export const workerAllocationWait = counter(
  "nuclio_processor_worker_allocation_wait_duration_milliseconds_sum",
  "Time events waited for a worker, in milliseconds",
  triggerLabels,
);
export const workersAvailable = counter(
  "nuclio_processor_worker_allocation_workers_available_percentage",
  "Sum of the share of idle workers, in percent, seen by each event that asked for one",
  triggerLabels,
);
/** `cause` is "exit" or "timeout". */
export const pythonWorkerLosses = counter(
  "processor_python_worker_losses_total",
  "Python processes that ended by themselves or were ended because their event took too long",
  ["trigger_id", "cause"],
);
/** `outcome` is a short stable word, e.g. "completed", "closed_early", "answered", "failed", "cancelled", "incomplete", "without_request". */
export const exchanges = counter("processor_exchanges_total", "HTTP exchanges that ended, by outcome", [
  "trigger_id",
  "outcome",
]);
export const exchangesInFlight = gauge("processor_exchanges_in_flight", "HTTP exchanges begun and not ended", [
  "trigger_id",
]);
/** `phase` is e.g. "request_headers", "request_body", "request_trailers", "response_headers". */
export const messages = counter("processor_messages_total", "Messages received from the proxy, by phase", [
  "trigger_id",
  "phase",
]);
/** `reason` is a short stable word or an error code, e.g. "threw", "timeout", "BODY_NOT_SENT". */
export const failures = counter("processor_failures_total", "Exchanges that fell to the failure policy, by reason", [
  "trigger_id",
  "reason",
]);
/** From a message's arrival to the answer, waiting for the other side not counted. */
export const messageDuration: HistogramDefinition = {
  type: "histogram",
  name: "processor_message_duration_seconds",
  help: "Time from a message's arrival to its answer, by phase",
  labels: ["trigger_id", "phase"],
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
};
export const earlyCloses = counter(
  "processor_early_closes_total",
  "Exchanges closed before their last phase because the function was done",
  ["trigger_id"],
);
export const http2Connections = gauge("processor_http2_connections", "HTTP/2 connections open", ["trigger_id"]);
export const http2ConnectionsTotal = counter("processor_http2_connections_total", "HTTP/2 connections accepted", [
  "trigger_id",
]);
/** `budget` is the name of the abuse budget. */
export const abuseRefusals = counter(
  "processor_abuse_refusals_total",
  "HTTP/2 connections ended because they went beyond an abuse budget",
  ["trigger_id", "budget"],
);

/** `method` is `<module>-<HTTP method>`, as for all three of Kubeless. Served on the function's own port too. */
export const kubelessCalls = counter("function_calls_total", "Number of calls to user function", ["method"]);
export const kubelessFailures = counter("function_failures_total", "Number of exceptions in user function", ["method"]);
export const kubelessDuration: HistogramDefinition = {
  type: "histogram",
  name: "function_duration_seconds",
  help: "Duration of user function in seconds",
  labels: ["method"],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
};
/** `otel_scope_name` is the function's name, as for all three of Kyma. Served on the function's own port too. */
export const kymaCalls = counter("function_calls_total", "Number of calls to user function", ["otel_scope_name"]);
export const kymaFailures = counter("function_failures_total", "Number of exceptions in user function", [
  "otel_scope_name",
]);
/** The name is spelled as Kyma spells it. */
export const kymaDuration: HistogramDefinition = {
  type: "histogram",
  name: "function_duration_miliseconds",
  help: "Duration of user function in miliseconds",
  labels: ["otel_scope_name"],
  buckets: [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000],
};

/** `cause` is "hang", "exit", "error" or "start". */
export const workerLosses = counter("processor_worker_losses_total", "Worker threads that died or were replaced", [
  "cause",
]);
export const workersReady = gauge("processor_workers_ready", "Worker threads that serve their triggers", []);
/** `kind` is "exception" or "rejection". */
export const unhandledErrors = counter(
  "processor_unhandled_errors_total",
  "Exceptions and rejections nobody caught in a worker thread",
  ["kind"],
);

export const buildInfo = gauge("processor_build_info", "Always 1; the version is a label", ["version"]);
export const cpuSeconds = counter("process_cpu_seconds_total", "User and system CPU time spent, in seconds", []);
export const residentMemory = gauge("process_resident_memory_bytes", "Resident memory, in bytes", []);
export const startTime = gauge(
  "process_start_time_seconds",
  "Start time of the process since the epoch, in seconds",
  [],
);
