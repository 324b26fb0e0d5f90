import { expect, test } from "bun:test";
import { createCellRecorder, createSharedNumbers } from "./cells.ts";
import { exchanges, exchangesInFlight } from "./metrics.ts";
import { renderPrometheus } from "./prometheus.ts";
import type { MetricDefinition } from "./recorder.ts";
import { createMetricTotals, type MetricTotals } from "./totals.ts";

const duration: MetricDefinition & { type: "histogram" } = {
  type: "histogram",
  name: "test_duration_seconds",
  help: "Durations",
  labels: ["phase"],
  buckets: [0.1, 1],
};

function addThread(totals: MetricTotals) {
  const numbers = createSharedNumbers();
  const source = totals.addSource(numbers);
  const recorder = createCellRecorder(numbers, (place) => source.addSeries(place));
  return { source, recorder };
}

function valuesOf(totals: MetricTotals) {
  return totals.collect().map(({ definition, labels, values }) => [definition.name, ...labels, ...values]);
}

test("asking twice for the same labels gives the same cell", () => {
  const { recorder } = addThread(createMetricTotals());
  expect(recorder.number(exchanges, ["gate", "completed"])).toBe(recorder.number(exchanges, ["gate", "completed"]));
  expect(recorder.histogram(duration, ["a"])).toBe(recorder.histogram(duration, ["a"]));
  expect(recorder.number(exchanges, ["gate", "failed"])).not.toBe(recorder.number(exchanges, ["gate", "completed"]));
});

test("labels that do not fit the definition are refused", () => {
  const { recorder } = addThread(createMetricTotals());
  expect(() => recorder.number(exchanges, ["gate"])).toThrow(
    "processor_exchanges_total takes the labels trigger_id, outcome, got gate",
  );
});

test("totals are the sum over threads of what each published", () => {
  const totals = createMetricTotals();
  for (const count of [2, 3]) {
    const { recorder } = addThread(totals);
    recorder.number(exchanges, ["gate", "completed"]).value = count;
    recorder.histogram(duration, ["request"]).observe(count / 10);
    recorder.publish();
    recorder.number(exchanges, ["gate", "completed"]).value = 100;
  }
  expect(valuesOf(totals)).toEqual([
    ["processor_exchanges_total", "gate", "completed", 5],
    ["test_duration_seconds", "request", 0, 2, 0, 0.5],
  ]);
});

test("counters of a lost thread stay, its gauges fall to zero", () => {
  const totals = createMetricTotals();
  const first = addThread(totals);
  first.recorder.number(exchanges, ["gate", "completed"]).value = 7;
  first.recorder.number(exchangesInFlight, ["gate"]).value = 4;
  first.recorder.publish();
  expect(first.source.sum(exchangesInFlight)).toBe(4);
  first.source.retire();
  first.source.retire();
  const second = addThread(totals);
  second.recorder.number(exchanges, ["gate", "completed"]).value = 1;
  second.recorder.number(exchangesInFlight, ["gate"]).value = 2;
  second.recorder.publish();
  expect(valuesOf(totals)).toEqual([
    ["processor_exchanges_total", "gate", "completed", 8],
    ["processor_exchanges_in_flight", "gate", 2],
  ]);
});

test("series beyond the shared memory are counted but not shown", () => {
  const totals = createMetricTotals();
  const { recorder } = addThread(totals);
  for (let index = 0; index < 9000; index++) recorder.number(exchanges, ["gate", String(index)]).value++;
  recorder.publish();
  expect(totals.collect()).toHaveLength(8192);
});

test("totals are rendered as Prometheus text with the common labels", async () => {
  const totals = createMetricTotals();
  const { recorder } = addThread(totals);
  recorder.number(exchanges, ["gate", 'a"b\\c']).value = 2;
  recorder.number(exchanges, ["gate", "failed"]).value = 1;
  const cell = recorder.histogram(duration, ["request"]);
  for (const value of [0.1, 0.5, 7]) cell.observe(value);
  recorder.publish();
  const { contentType, text } = await renderPrometheus(totals.collect(), { instance: "i" });
  expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toBe(`# HELP processor_exchanges_total HTTP exchanges that ended, by outcome
# TYPE processor_exchanges_total counter
processor_exchanges_total{instance="i",trigger_id="gate",outcome="a\\"b\\\\c"} 2
processor_exchanges_total{instance="i",trigger_id="gate",outcome="failed"} 1

# HELP test_duration_seconds Durations
# TYPE test_duration_seconds histogram
test_duration_seconds_bucket{instance="i",phase="request",le="0.1"} 1
test_duration_seconds_bucket{instance="i",phase="request",le="1"} 2
test_duration_seconds_bucket{instance="i",phase="request",le="+Inf"} 3
test_duration_seconds_sum{instance="i",phase="request"} 7.6
test_duration_seconds_count{instance="i",phase="request"} 3
`);
});
