import { describe, expect, test } from "bun:test";
import { DynamicTable } from "./dynamic-table.ts";

function entries(table: DynamicTable): string[] {
  return Array.from(
    { length: table.length },
    (_, index) => `${table.name(index)}=${table.value(index)}/${table.kind(index)}`,
  );
}

describe("the dynamic table", () => {
  test("numbers its entries from the newest", () => {
    const table = new DynamicTable(4096);
    table.add("a", "1", 3);
    table.add("b", "2", 4);
    expect(entries(table)).toEqual(["b=2/4", "a=1/3"]);
  });

  test("evicts the oldest when the newest does not fit", () => {
    const table = new DynamicTable(34 * 3);
    for (const name of "abcd") table.add(name, name, 0);
    expect(entries(table)).toEqual(["d=d/0", "c=c/0", "b=b/0"]);
  });

  test("is emptied by an entry larger than itself", () => {
    const table = new DynamicTable(68);
    table.add("a", "1", 0);
    table.add("b", "x".repeat(36), 0);
    expect(entries(table)).toEqual([]);
    table.add("c", "x".repeat(35), 0);
    expect(table.length).toBe(1);
  });

  test("shrinks and grows with its size", () => {
    const table = new DynamicTable(34 * 3);
    for (const name of "abc") table.add(name, name, 0);
    table.resize(34 * 2 - 1);
    expect(entries(table)).toEqual(["c=c/0"]);
    table.resize(0);
    expect(entries(table)).toEqual([]);
    table.resize(34 * 3);
    for (const name of "defg") table.add(name, name, 0);
    expect(entries(table)).toEqual(["g=g/0", "f=f/0", "e=e/0"]);
  });

  test("stays right however long it is used", () => {
    const table = new DynamicTable(4096);
    for (let count = 0; count < 10_000; count++) table.add(`n${count}`, "", count & 0x7f);
    expect(table.length).toBe(Math.floor(4096 / 37));
    expect([table.name(0), table.name(table.length - 1)]).toEqual(["n9999", "n9890"]);
  });

  test("tells by its generation when indices moved", () => {
    const table = new DynamicTable(4096);
    const generations = [table.generation];
    table.add("a", "1", 0);
    generations.push(table.generation);
    table.resize(100);
    generations.push(table.generation);
    expect(new Set(generations).size).toBe(3);
  });
});
