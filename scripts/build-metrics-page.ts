/** `bun scripts/build-metrics-page.ts`: writes docs/metrics.md from the declarations of the metrics. */
import { join } from "node:path";
import * as metrics from "../src/telemetry/metrics.ts";
import { repositoryRoot } from "./build.ts";

export const metricsPage = join(repositoryRoot, "docs", "metrics.md");

const introduction = `# Metrics

Served in the text format of Prometheus at \`/metrics\`, port 8090 unless the platform configuration says otherwise
([configuration](configuration.md)). Every series also carries \`instance\`, \`namespace\`, \`function\` and \`project\`.

Counts of all worker threads are summed. A worker that is lost takes none of them along: counters never fall. Names that
begin with \`nuclio_processor_\` are those of Nuclio's processor.

This page is made by \`bun scripts/build-metrics-page.ts\`.
`;

export function buildMetricsPage(): string {
  const rows = Object.values(metrics).map(({ name, type, labels, help }) => {
    const own = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${own} | ${help} |`;
  });
  return [introduction, "| Metric | Type | Labels | Meaning |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

if (import.meta.main) {
  await Bun.write(metricsPage, buildMetricsPage());
  await Bun.spawn([process.execPath, "fmt", metricsPage], { stdout: "ignore" }).exited;
}
