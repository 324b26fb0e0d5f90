/** A small volume on every run; `bun run conformance` carries the full one. */
import { expect, test } from "bun:test";
import { envoyVersions } from "../../scripts/fetch-envoy.ts";
import { runBodyVolume, runHeaderVolume } from "./volume.ts";

for (const version of envoyVersions) {
  test(`10,000 requests lose nothing, Envoy ${version}`, async () => {
    expect((await runHeaderVolume(version, 10_000)).complaints).toEqual([]);
  }, 60_000);

  test(`1,000 requests with 64 KiB bodies replaced lose nothing, Envoy ${version}`, async () => {
    expect((await runBodyVolume(version, 1000)).complaints).toEqual([]);
  }, 60_000);
}
