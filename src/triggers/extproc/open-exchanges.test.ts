import { expect, test } from "bun:test";
import { OpenExchanges } from "./open-exchanges.ts";
import type { ServedExchange } from "./service.ts";

function exchange(): ServedExchange {
  return { place: -1, endForDrain() {}, checkDeadline() {} };
}

test("what was added and not deleted is there, in whatever order they went", () => {
  const open = new OpenExchanges();
  const [a, b, c, d] = [exchange(), exchange(), exchange(), exchange()];
  for (const each of [a, b, c]) open.add(each);
  open.delete(a);
  open.delete(b);
  open.add(d);
  expect([open.size, new Set(open)]).toEqual([2, new Set([c, d])]);
  open.delete(d);
  open.delete(c);
  expect([...open]).toEqual([]);
});

test("going through them, each may end all others", () => {
  const open = new OpenExchanges();
  const all = [exchange(), exchange(), exchange()];
  for (const each of all) open.add(each);
  const seen: ServedExchange[] = [];
  for (const each of open) {
    seen.push(each);
    for (const other of open) open.delete(other);
  }
  expect(seen).toEqual(all);
});
