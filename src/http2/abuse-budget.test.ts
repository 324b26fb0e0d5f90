import { describe, expect, test } from "bun:test";
import { AbuseBudgets, Budget, budgetName } from "./abuse-budget.ts";

function chargesUntilSpent(budgets: AbuseBudgets, budget: Budget): number {
  let charges = 0;
  while (!budgets.charge(budget)) charges++;
  return charges;
}

describe("a budget", () => {
  test("lets a burst pass and is spent after it", () => {
    expect(chargesUntilSpent(new AbuseBudgets(), Budget.RAPID_RESET)).toBe(1_000);
  });

  test("does not touch the others", () => {
    const budgets = new AbuseBudgets();
    chargesUntilSpent(budgets, Budget.RAPID_RESET);
    expect(chargesUntilSpent(budgets, Budget.SETTINGS)).toBe(100);
  });

  test("is drained by time at its rate, never below empty", () => {
    const budgets = new AbuseBudgets();
    for (let charge = 0; charge < 500; charge++) budgets.charge(Budget.RAPID_RESET);
    budgets.elapse(2_000);
    expect(chargesUntilSpent(budgets, Budget.RAPID_RESET)).toBe(700);
    budgets.elapse(3_600_000);
    expect(chargesUntilSpent(budgets, Budget.RAPID_RESET)).toBe(1_000);
  });

  test("is drained by useful work, never below empty", () => {
    const budgets = new AbuseBudgets();
    budgets.charge(Budget.RAPID_RESET);
    budgets.refund(Budget.RAPID_RESET, 5);
    budgets.refund(Budget.RAPID_RESET, 5);
    expect(chargesUntilSpent(budgets, Budget.RAPID_RESET)).toBe(1_000);
  });

  test("holds for days at the rate it allows", () => {
    const budgets = new AbuseBudgets();
    let spent = false;
    for (let second = 0; second < 3 * 86_400; second += 10) {
      for (let charge = 0; charge < 900; charge++) spent ||= budgets.charge(Budget.RAPID_RESET);
      budgets.elapse(10_000);
    }
    expect(spent).toBe(false);
  });

  test("has a name", () => {
    expect(Object.values(Budget).map(budgetName)).toEqual([
      "rapid reset",
      "peer mistakes",
      "ping flood",
      "settings flood",
      "ignored frames",
      "empty data",
      "window update flood",
      "late frames",
      "refused streams",
    ]);
  });
});
