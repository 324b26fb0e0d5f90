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
      /** Upper bounds, ascending, without +Inf, in the unit of the name. */
      readonly buckets: readonly number[];
    };

/** One counter or gauge series: `cell.value++`. */
export interface NumberCell {
  value: number;
}

export interface HistogramCell {
  observe(value: number): void;
}

/** One series over all threads. */
export interface SeriesTotal {
  readonly definition: MetricDefinition;
  readonly labels: readonly string[];
  /** One number; for a histogram one for each bucket alone, then +Inf, then the sum. */
  readonly values: readonly number[];
}

/** What all threads have counted by now of the metrics of these names. Asks the main thread: not for hot paths. */
export type CollectTotals = (names: readonly string[]) => Promise<readonly SeriesTotal[]>;

/** Hands out cells. Asking twice for the same labels gives the same cell; ask once and keep it. */
export interface MetricsRecorder {
  number(definition: MetricDefinition & { type: "counter" | "gauge" }, labels: readonly string[]): NumberCell;
  histogram(definition: MetricDefinition & { type: "histogram" }, labels: readonly string[]): HistogramCell;
}
