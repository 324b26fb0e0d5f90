import { expect, test } from "bun:test";
import { ServerStream, type StreamHost } from "./stream.ts";
import { ANY_STREAM, StreamTable } from "./stream-table.ts";

const SILENT: StreamHost = {
  sendFields() {},
  sendBodyFrame: (_stream, _bytes, from) => from,
  streamHeld() {},
  streamReleased() {},
  streamConsumed() {},
  resetStream() {},
  handlerFailed() {},
};

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

test("open streams are found whatever number of others came and went since", () => {
  const table = new StreamTable();
  const open = (id: number): ServerStream => {
    const stream = new ServerStream(SILENT, id, 0, 0);
    table.add(stream);
    return stream;
  };
  const lasting = [open(1), open(3), open(513)];
  for (let id = 515; id < 5000; id += 2) table.delete(open(id));
  const late = open(5001);
  expect([table.size, [1, 3, 513, 5001, 5, 515].map((id) => table.get(id)?.id)]).toEqual([
    4,
    [1, 3, 513, 5001, undefined, undefined],
  ]);
  expect(new Set(table.all())).toEqual(new Set([...lasting, late]));
  for (const stream of table.all()) table.delete(stream);
  expect([table.size, table.get(1), table.get(5001)]).toEqual([0, undefined, undefined]);
});
