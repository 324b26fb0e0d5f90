import { expect, test } from "bun:test";
import { parseOptions } from "./options.ts";
import { sections } from "./sections.ts";

test("without options all sections run in three rounds", () => {
  expect(parseOptions([])).toEqual({
    sections,
    rounds: 3,
    times: { firstLoadMs: 5000, warmUpMs: 1000, durationMs: 6000 },
    starts: 10,
    executable: null,
    json: false,
    updateDocs: false,
  });
});

test("an explicit number of rounds wins over --quick", () => {
  const options = parseOptions(["--quick", "--rounds", "2", "--only", "a, d"]);
  expect([options?.rounds, options?.sections.map(({ id }) => id)]).toEqual([2, ["a", "d"]]);
});

test.each([
  [["--only", "a,x"], '--only: there is no section "x" (there are a, b, c, d, e, f'],
  [["--rounds", "0"], '--rounds: "0" is not a whole number above 0'],
])("%p is refused with its reason", (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
