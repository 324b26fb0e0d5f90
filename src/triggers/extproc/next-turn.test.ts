import { expect, test } from "bun:test";
import { inNextTurn } from "./next-turn.ts";

test("all of a turn are called in the next, in order; what they ask for comes in the one after it", async () => {
  const called: string[] = [];
  inNextTurn(() => {
    called.push("first");
    inNextTurn(() => called.push("third"));
  });
  inNextTurn(() => called.push("second"));
  await Promise.resolve();
  expect(called).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(called).toEqual(["first", "second"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(called).toEqual(["first", "second", "third"]);
});

test("one that throws keeps no other from being called, and is not passed over in silence", async () => {
  const script = `
    import { inNextTurn } from ${JSON.stringify(new URL("next-turn.ts", import.meta.url).href)};
    process.on("uncaughtException", (error) => console.log(error.message));
    inNextTurn(() => { throw new Error("broken"); });
    inNextTurn(() => console.log("called"));
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  expect(await child.stdout.text()).toBe("called\nbroken\n");
});
