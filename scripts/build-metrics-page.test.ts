import { expect, test } from "bun:test";
import { buildMetricsPage, metricsPage } from "./build-metrics-page.ts";

/** Without the padding of formatted tables. */
function cellsOf(page: string): string[] {
  return page.split("\n").map((line) => line.replace(/\s+\|/gu, " |").replace(/-+/gu, "-"));
}

test("the metrics page shows the declared metrics (mend: bun scripts/build-metrics-page.ts)", async () => {
  expect(cellsOf(await Bun.file(metricsPage).text())).toEqual(cellsOf(buildMetricsPage()));
});
