/**
 * The counting side of the metrics: plain numbers on the hot path, copied now and then into memory shared with the main
 * thread, which so knows the last state of a thread that hangs or has died.
 */
import type { HistogramCell, MetricDefinition, MetricsRecorder, NumberCell } from "./recorder.ts";

/** Numbers one recorder can share: 64 KiB. Series beyond it are counted and never shown. */
const sharedNumbers = 8192;

/** Where a series keeps its numbers in the shared memory. */
export interface SeriesPlace {
  readonly definition: MetricDefinition;
  /** Values, in the order of the definition's labels. */
  readonly labels: readonly string[];
  /** Index of its first number. A histogram has one for each bucket, then +Inf, then the sum. */
  readonly offset: number;
}

export interface CellRecorder extends MetricsRecorder {
  /** Copies the present values into the shared memory. */
  publish(): void;
}

export function createSharedNumbers(): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(sharedNumbers * Float64Array.BYTES_PER_ELEMENT));
}

/** How many numbers a series of this kind takes. */
export function seriesLength(definition: MetricDefinition): number {
  return definition.type === "histogram" ? definition.buckets.length + 2 : 1;
}

/** `announce` is called once a series, before its first value is published. */
export function createCellRecorder(
  shared: Float64Array<SharedArrayBuffer>,
  announce: (place: SeriesPlace) => void,
): CellRecorder {
  const numbers = new Map<string, NumberCell>();
  const histograms = new Map<string, BucketCell>();
  const publishers: (() => void)[] = [];
  let used = 0;

  function place(definition: MetricDefinition, labels: readonly string[], write: (offset: number) => void): void {
    if (labels.length !== definition.labels.length) {
      throw new Error(`${definition.name} takes the labels ${definition.labels.join(", ")}, got ${labels.join(", ")}`);
    }
    const offset = used;
    if (offset + seriesLength(definition) > shared.length) return;
    used += seriesLength(definition);
    announce({ definition, labels, offset });
    publishers.push(() => write(offset));
  }

  return {
    number(definition, labels) {
      const key = seriesKey(definition, labels);
      const known = numbers.get(key);
      if (known !== undefined) return known;
      const cell: NumberCell = { value: 0 };
      place(definition, labels, (offset) => {
        shared[offset] = cell.value;
      });
      numbers.set(key, cell);
      return cell;
    },
    histogram(definition, labels) {
      const key = seriesKey(definition, labels);
      const known = histograms.get(key);
      if (known !== undefined) return known;
      const cell = new BucketCell(definition.buckets);
      place(definition, labels, (offset) => {
        shared.set(cell.counts, offset);
        shared[offset + cell.counts.length] = cell.sum;
      });
      histograms.set(key, cell);
      return cell;
    },
    publish() {
      for (const write of publishers) write();
    },
  };
}

export function seriesKey(definition: MetricDefinition, labels: readonly string[]): string {
  return [definition.name, ...labels].join("\0");
}

class BucketCell implements HistogramCell {
  sum = 0;
  /** Observations in each bucket alone, not in those below it; the last is +Inf. */
  readonly counts: number[];
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    this.sum += value;
    let index = 0;
    while (index < this.#bounds.length && value > (this.#bounds[index] as number)) index++;
    (this.counts[index] as number)++;
  }
}
