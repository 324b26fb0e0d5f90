/** The table of metrics in docs/operations.md, from their declarations. */
import * as metrics from "../src/telemetry/metrics.ts";

/** One row a metric, in the order of their declaration. */
export function metricsTable(): string {
  const rows = Object.values(metrics).map(({ name, type, labels, help }) => {
    const shown = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${shown} | ${help} |`;
  });
  return ["| Metric | Type | Labels | Meaning |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}
