/** `bun run conformance matrix`: every cell, through both Envoys. Exit code 1 when one is wrong. */
import { envoyVersions } from "../../../scripts/fetch-envoy.ts";
import { complaintsAbout, countersComplaints } from "./judge.ts";
import { runMatrix } from "./run.ts";
import { allCells } from "./select.ts";

let complaints = 0;
for (const version of envoyVersions) {
  const started = performance.now();
  const run = await runMatrix(version, allCells());
  const found = [...complaintsAbout(run.results), ...countersComplaints(run.lanes)];
  for (const line of found) console.log(line);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`Envoy ${version}: ${run.results.length} cells, ${found.length} wrong, ${seconds} s`);
  complaints += found.length;
}
process.exit(complaints === 0 ? 0 : 1);
