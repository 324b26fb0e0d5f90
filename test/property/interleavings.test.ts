/**
 * Random interleavings of both directions against the model of Envoy, with random functions. `PROPERTY_SEED` plays one seed
 * alone; `bun run conformance property` plays 100,000.
 */
import { expect, test } from "bun:test";
import { playSeeds, report } from "./interleavings.ts";

const COUNT = 5000;
const only = process.env["PROPERTY_SEED"];

test(
  "no interleaving of Envoy, function and peers breaks a rule of the protocol or changes a byte",
  async () => {
    const broken = only === undefined ? await playSeeds(1, COUNT, 3) : await playSeeds(Number(only), 1, 1);
    for (const one of broken) console.error(report(one));
    expect(broken.map(({ seed, rules }) => ({ seed, rules }))).toEqual([]);
  },
  { timeout: 120_000 },
);
