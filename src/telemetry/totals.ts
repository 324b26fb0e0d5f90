/** The summing side of the metrics: all threads together, and what lost threads had counted before. */
import { type SeriesPlace, seriesKey, seriesLength } from "./cells.ts";
import type { MetricDefinition, SeriesTotal } from "./recorder.ts";

/** One thread's numbers. */
export interface MetricSource {
  addSeries(place: SeriesPlace): void;
  /** Sum of one metric over its labels, as far as `matches` accepts them. */
  sum(definition: MetricDefinition, matches?: (labels: readonly string[]) => boolean): number;
  /** The thread is gone: its counters stay in the totals for good, its gauges fall to nothing. */
  retire(): void;
}

export interface MetricTotals {
  addSource(numbers: Float64Array): MetricSource;
  /** In the order in which the series were first announced. */
  collect(): readonly SeriesTotal[];
}

export function createMetricTotals(): MetricTotals {
  const sources = new Map<Float64Array, SeriesPlace[]>();
  const retained = new Map<string, SeriesSum>();

  function addTo(totals: Map<string, SeriesSum>, place: SeriesPlace, values: readonly number[]): void {
    const key = seriesKey(place.definition, place.labels);
    const total = totals.get(key);
    if (total === undefined) totals.set(key, { place, values: [...values] });
    else total.values.forEach((value, index) => (total.values[index] = value + (values[index] ?? 0)));
  }

  return {
    addSource(numbers) {
      const places: SeriesPlace[] = [];
      sources.set(numbers, places);
      return {
        addSeries: (place) => void places.push(place),
        sum(definition, matches = () => true) {
          return places
            .filter((place) => place.definition.name === definition.name && matches(place.labels))
            .reduce((sum, place) => sum + (numbers[place.offset] ?? 0), 0);
        },
        retire() {
          if (!sources.delete(numbers)) return;
          for (const place of places) {
            const values = readValues(numbers, place);
            addTo(retained, place, place.definition.type === "gauge" ? values.map(() => 0) : values);
          }
        },
      };
    },
    collect() {
      const totals = new Map<string, SeriesSum>();
      for (const { place, values } of retained.values()) addTo(totals, place, values);
      for (const [numbers, places] of sources) {
        for (const place of places) addTo(totals, place, readValues(numbers, place));
      }
      return [...totals.values()].map(({ place, values }) => ({
        definition: place.definition,
        labels: place.labels,
        values,
      }));
    },
  };
}

interface SeriesSum {
  readonly place: SeriesPlace;
  readonly values: number[];
}

function readValues(numbers: Float64Array, place: SeriesPlace): number[] {
  return [...numbers.subarray(place.offset, place.offset + seriesLength(place.definition))];
}
