/** Which method a function may put in the place of another. */
import { ExchangeError } from "../function/errors.ts";

/** @throws ExchangeError when only one of the two is HEAD: who asked knows from the method whether a body follows. */
export function assertSameFraming(from: string, to: string): void {
  if ((from === "HEAD") === (to === "HEAD")) return;
  const why = "the client takes the response for that of the method it sent, with a body or without";
  throw new ExchangeError("HEADER_INVALID", `the method cannot change from ${from} to ${to}: ${why}`);
}
