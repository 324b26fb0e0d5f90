import { expect, test } from "bun:test";
import { TouchedNames } from "./touched-names.ts";

test("few and many names are found alike, in the order of their first touch", () => {
  const touched = new TouchedNames();
  const names = Array.from({ length: 30 }, (_, index) => `x-${index}`);
  for (const name of names) {
    expect(touched.get(name)).toBeUndefined();
    touched.set(name, [name]);
    touched.set("x-0", ["again"]);
    expect(touched.get(name)).toEqual(name === "x-0" ? ["again"] : [name]);
  }
  expect(touched.all.map(({ name, values }) => [name, ...values])).toEqual([
    ["x-0", "again"],
    ...names.slice(1).map((name) => [name, name]),
  ]);
});
