import { expect, test } from "bun:test";
import type { Figure } from "./figures.ts";
import { renderTable } from "./table.ts";

const rate: Figure = {
  what: "exchanges",
  unit: "/s",
  digits: 0,
  better: "higher",
  values: { processor: 90_000, "grpc-js on Bun": 9_000 },
};
const cost: Figure = {
  what: "CPU",
  unit: "s",
  digits: 2,
  better: "lower",
  values: { processor: 0.125, "grpc-js on Bun": 1 },
};
const failures: Figure = {
  what: "failures",
  unit: "",
  digits: 0,
  better: null,
  values: { processor: 0, "grpc-js on Bun": 3 },
};

test("ratios say how often the first contestant is as good, whichever way is better", () => {
  expect(renderTable({ contestants: ["processor", "grpc-js on Bun"], figures: [rate, cost, failures] })).toBe(
    [
      "|                | processor | grpc-js on Bun | against grpc-js on Bun |",
      "| -------------- | --------: | -------------: | ---------------------: |",
      "| exchanges (/s) |    90,000 |          9,000 |                 10.0 x |",
      "| CPU (s)        |      0.13 |           1.00 |                  8.0 x |",
      "| failures       |         0 |              3 |                        |",
    ].join("\n"),
  );
});

test("a contestant without a value has a dash and no ratio", () => {
  expect(
    renderTable({ contestants: ["processor", "grpc-js on Node"], figures: [{ ...rate, values: { processor: 1 } }] }),
  ).toContain("|         1 |               - |                         |");
});
