/** The exchanges in flight: a Set in an array, as each knows its place, so that one that comes and goes allocates nothing. */
import type { ServedExchange } from "./service.ts";

export class OpenExchanges {
  readonly #all: ServedExchange[] = [];

  get size(): number {
    return this.#all.length;
  }

  add(exchange: ServedExchange): void {
    exchange.place = this.#all.length;
    this.#all.push(exchange);
  }

  /** Of an exchange that was added and not deleted. The last one takes its place. */
  delete(exchange: ServedExchange): void {
    const last = this.#all.pop();
    if (last === undefined || last === exchange) return;
    this.#all[exchange.place] = last;
    last.place = exchange.place;
  }

  /** Those in flight now: what ends or begins meanwhile does not disturb. */
  [Symbol.iterator](): Iterator<ServedExchange> {
    return this.#all.slice().values();
  }
}
