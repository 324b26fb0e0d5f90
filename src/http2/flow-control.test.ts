import { describe, expect, test } from "bun:test";
import { openSendWindow, ReceiveWindow } from "./flow-control.ts";

describe("a receive window", () => {
  test("takes exactly its bytes", () => {
    const window = new ReceiveWindow(100);
    expect([window.take(60), window.take(41), window.take(40), window.take(1), window.take(0)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  test("is announced again once half of it was consumed", () => {
    const window = new ReceiveWindow(100);
    window.take(100);
    expect([window.consume(30), window.consume(19), window.consume(1), window.consume(50)]).toEqual([0, 0, 50, 50]);
    expect(window.take(100)).toBe(true);
  });

  test("opens by no more than what was taken", () => {
    const window = new ReceiveWindow(100);
    window.take(60);
    expect(window.consume(1000)).toBe(60);
    expect(window.unconsumed).toBe(0);
    expect(window.consume(1000)).toBe(0);
    expect(window.take(101)).toBe(false);
  });

  test("stays open while no more than the spare bytes are unconsumed", () => {
    const window = new ReceiveWindow(100, 150);
    const refills = [100, 50, 50, 50].map((bytes) => [window.take(bytes), window.refill()]);
    expect(refills).toEqual([
      [true, 100],
      [true, 50],
      [true, 0],
      [true, 0],
    ]);
    expect([window.take(1), window.consume(40), window.consume(10), window.consume(200)]).toEqual([false, 0, 50, 50]);
  });

  test("does not open before the peer was told", () => {
    const window = new ReceiveWindow(100);
    window.take(100);
    window.consume(49);
    expect(window.take(1)).toBe(false);
  });
});

describe("a send window", () => {
  test("moves by an increment, also from below zero", () => {
    expect([openSendWindow(-10, 4), openSendWindow(0x7ffffffe, 1)]).toEqual([-6, 0x7fffffff]);
  });

  test("overflows beyond 2^31-1", () => {
    expect(openSendWindow(0x7fffffff, 1)).toBe(Number.NEGATIVE_INFINITY);
  });
});
