/**
 * Every body mode with every shape of body and everything a function may do, on both messages, from HTTP/1.1 and HTTP/2
 * clients. Client and upstream must see exactly the right bytes, headers and trailers, and Envoy's counters nothing
 * wrong. `bun run conformance matrix` runs all cells; here the largest bodies run along a diagonal.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { envoyVersions } from "../../scripts/fetch-envoy.ts";
import { acts, defaultExceptions, exceptions, modes } from "./matrix/cells.ts";
import { complaintsAbout, countersComplaints } from "./matrix/judge.ts";
import { type MatrixRun, runMatrix } from "./matrix/run.ts";
import { someCells, someDefaultCells } from "./matrix/select.ts";

for (const version of envoyVersions) {
  describe(`matrix, Envoy ${version}`, () => {
    let run: MatrixRun = { results: [], lanes: [] };
    beforeAll(async () => {
      run = await runMatrix(version, someCells());
    }, 180_000);

    for (const mode of modes) {
      for (const act of acts) {
        test(`${mode}: ${act} arrives as it should, with every body, on both messages`, () => {
          const own = run.results.filter(({ cell }) => cell.mode === mode && cell.act === act);
          expect(own.length).toBeGreaterThan(20);
          expect(complaintsAbout(own)).toEqual([]);
        });
      }
    }

    test("Envoy counted nothing that was not expected", () => {
      expect(run.lanes.length).toBe(modes.length * 4);
      expect(countersComplaints(run.lanes)).toEqual([]);
    });

    test("with Envoy's defaults the same arrives, or what the table of exceptions says", async () => {
      const plain = await runMatrix(version, someDefaultCells(), "defaults");
      expect(complaintsAbout(plain.results, "defaults")).toEqual([]);
      const met = defaultExceptions.filter(({ applies }) => plain.results.some(({ cell }) => applies(cell)));
      expect(met).toEqual([...defaultExceptions]);
      const spurious = plain.lanes.filter(({ counters }) => counters["spurious_msgs_received"] !== 0);
      expect(spurious).toEqual([]);
    }, 120_000);

    test("every exception was met", () => {
      const met = exceptions.filter(({ applies }) => run.results.some(({ cell }) => applies(cell)));
      expect(met).toEqual([...exceptions]);
    });
  });
}
