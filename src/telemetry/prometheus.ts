/** Renders totals in the text format of Prometheus. */
import type { SeriesTotal } from "./recorder.ts";

export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** `common` labels go to every series. Loads the library on its first use: a process nobody scrapes does without. */
export async function renderPrometheus(
  totals: readonly SeriesTotal[],
  common: Readonly<Record<string, string>>,
): Promise<MetricsText> {
  const { AggregatorRegistry } = await import("prom-client");
  const metrics = [...Map.groupBy(totals, (total) => total.definition.name)].flatMap(([name, series]) => {
    const definition = series[0]?.definition;
    if (definition === undefined) return [];
    const values = series.flatMap((total) => sampleSeries(total, common));
    return [{ name, help: definition.help, type: definition.type, aggregator: "sum", values }];
  });
  const registry = AggregatorRegistry.aggregate([metrics]);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A histogram becomes cumulative buckets, a sum and a count. */
function sampleSeries(total: SeriesTotal, common: Readonly<Record<string, string>>): Sample[] {
  const { definition, values } = total;
  const own = definition.labels.map((name, index) => [name, total.labels[index] ?? ""] as const);
  const labels = { ...common, ...Object.fromEntries(own) };
  if (definition.type !== "histogram") return [{ metricName: definition.name, labels, value: values[0] ?? 0 }];
  let count = 0;
  const bounds = [...definition.buckets.map(String), "+Inf"];
  const buckets = bounds.map((le, index) => {
    count += values[index] ?? 0;
    return { metricName: `${definition.name}_bucket`, labels: { ...labels, le }, value: count };
  });
  const sum = values[bounds.length] ?? 0;
  return [
    ...buckets,
    { metricName: `${definition.name}_sum`, labels, value: sum },
    { metricName: `${definition.name}_count`, labels, value: count },
  ];
}
