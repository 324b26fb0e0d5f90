import { expect, test } from "bun:test";
import { ANY_STREAM, StreamTable } from "./stream-table.ts";

test("identifiers are idle until the peer used them or higher ones, and always when even", () => {
  const table = new StreamTable();
  table.noteOpened(5);
  expect([3, 4, 5, 7].map((id) => table.isIdle(id))).toEqual([false, true, false, true]);
  expect([table.lastId, table.lastServedId]).toEqual([5, 5]);
});

test("streams that were reset here are abandoned", () => {
  const table = new StreamTable();
  table.noteOpened(5);
  table.noteReset(3);
  expect([3, 5, ANY_STREAM].map((id) => table.isAbandoned(id))).toEqual([true, false, false]);
});

test("once final, later streams are abandoned and never count as served", () => {
  const table = new StreamTable();
  table.noteOpened(5);
  table.makeFinal();
  table.noteOpened(7);
  expect([table.isFinal, table.isAbandoned(5), table.isAbandoned(7)]).toEqual([true, false, true]);
  expect([table.lastId, table.lastServedId]).toEqual([7, 5]);
});
