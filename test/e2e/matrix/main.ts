/** `bun run conformance matrix`: every cell, through both Envoys. Exit code 1 when one is wrong. */
import { envoyVersions } from "../../../scripts/fetch-envoy.ts";
import { complaintsAbout, countersComplaints } from "./judge.ts";
import type { Setting } from "./cells.ts";
import { runMatrix } from "./run.ts";
import { allCells } from "./select.ts";

let complaints = 0;
for (const version of envoyVersions) {
  for (const setting of ["friendly", "defaults"] satisfies Setting[]) {
    const started = performance.now();
    const run = await runMatrix(version, allCells(), setting);
    // 200 ms are soon over on a busy machine: with Envoy's defaults its timeouts prove nothing.
    const judged = setting === "friendly" ? countersComplaints(run.lanes) : [];
    const found = [...complaintsAbout(run.results, setting), ...judged];
    for (const line of found) console.log(line);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`Envoy ${version}, ${setting}: ${run.results.length} cells, ${found.length} wrong, ${seconds} s`);
    complaints += found.length;
  }
}
process.exit(complaints === 0 ? 0 : 1);
