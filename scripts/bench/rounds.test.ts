import { expect, test } from "bun:test";
import { alternate, highest, lowest, sum } from "./rounds.ts";

const contestants = [{ name: "processor" }, { name: "grpc-js on Bun" }] as const;

test("contestants take turns", async () => {
  const order: string[] = [];
  await alternate(contestants, 2, async ({ name }) => {
    order.push(name);
    return { othersCores: 0 };
  });
  expect(order).toEqual(["processor", "grpc-js on Bun", "processor", "grpc-js on Bun"]);
});

test("a disturbed measurement is made again, and best values pass over it while sums do not", async () => {
  const queue = [
    { othersCores: 0.9, value: 1 },
    { othersCores: 0.1, value: 2 },
    { othersCores: 0, value: 3 },
  ];
  const results = await alternate(
    [{ name: "processor" }] as const,
    2,
    async () => queue.shift() ?? { othersCores: 0, value: 0 },
  );
  const all = results.get("processor") ?? [];
  const value = (one: { readonly value: number }) => one.value;
  expect([lowest(all, value), highest(all, value), sum(all, value)]).toEqual([2, 3, 6]);
});

test("where all is disturbed the least disturbed counts, after three attempts", async () => {
  let others = 2;
  const results = await alternate([{ name: "processor" }] as const, 1, async () => ({ othersCores: (others -= 0.5) }));
  const all = results.get("processor") ?? [];
  expect([all.length, highest(all, (one) => one.othersCores)]).toEqual([3, 0.5]);
});
