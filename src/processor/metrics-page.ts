/** Everything that is served at `/metrics`: the workers' counts, the main thread's, and the process itself. */
import type { ProcessorConfig } from "../config/contract.ts";
import { createCellRecorder, createSharedNumbers } from "../telemetry/cells.ts";
import { buildInfo, cpuSeconds, residentMemory, startTime } from "../telemetry/metrics.ts";
import { type MetricsText, renderPrometheus } from "../telemetry/prometheus.ts";
import type { MetricsRecorder } from "../telemetry/recorder.ts";
import { createMetricTotals, type MetricTotals } from "../telemetry/totals.ts";

export interface MetricsPage {
  readonly totals: MetricTotals;
  /** For what the main thread counts. */
  readonly recorder: MetricsRecorder;
  /** With the main thread's own counts as they are now, the workers' as they last published them. */
  render(): Promise<MetricsText>;
}

export function createMetricsPage(config: ProcessorConfig, version: string): MetricsPage {
  const totals = createMetricTotals();
  const numbers = createSharedNumbers();
  const source = totals.addSource(numbers);
  const recorder = createCellRecorder(numbers, (place) => source.addSeries(place));
  recorder.number(buildInfo, [version]).value = 1;
  recorder.number(startTime, []).value = Math.round(performance.timeOrigin) / 1000;
  const cpu = recorder.number(cpuSeconds, []);
  const memory = recorder.number(residentMemory, []);
  const common = {
    instance: config.platform.metrics.instanceName,
    namespace: config.namespace,
    function: config.name,
    project: config.project,
  };

  return {
    totals,
    recorder,
    render() {
      const { user, system } = process.cpuUsage();
      cpu.value = (user + system) / 1e6;
      memory.value = process.memoryUsage.rss();
      recorder.publish();
      return renderPrometheus(totals.collect(), common);
    },
  };
}
