/** Numbers a worker counts. Plain cells, no label lookup on the hot path; the main thread renders them for Prometheus. */

/** A family of series, declared once in metrics.ts. */
export type MetricDefinition =
  | {
      readonly type: "counter" | "gauge";
      readonly name: string;
      readonly help: string;
      readonly labels: readonly string[];
    }
  | {
      readonly type: "histogram";
      readonly name: string;
      readonly help: string;
      readonly labels: readonly string[];
      /** Upper bounds, ascending, without +Inf. Unit: seconds. */
      readonly buckets: readonly number[];
    };

/** One counter or gauge series: `cell.value++`. */
export interface NumberCell {
  value: number;
}

export interface HistogramCell {
  observe(value: number): void;
}

/** Hands out cells. Asking twice for the same labels gives the same cell; ask once and keep it. */
export interface MetricsRecorder {
  number(definition: MetricDefinition & { type: "counter" | "gauge" }, labels: readonly string[]): NumberCell;
  histogram(definition: MetricDefinition & { type: "histogram" }, labels: readonly string[]): HistogramCell;
}
