import { expect, test } from "bun:test";
import { nearest } from "./did-you-mean.ts";

const keys = ["handler", "runtime", "triggers", "onError", "timeout", "extendTimeout", "tls", "type"];

test("a slip of the fingers finds its key", () => {
  const slips = {
    handeler: "handler",
    onErorr: "onError",
    tiemout: "timeout",
    trigers: "triggers",
    on_error: "onError",
    tsl: "tls",
  };
  expect(Object.fromEntries(Object.keys(slips).map((slip) => [slip, nearest(slip, keys)]))).toEqual(slips);
});

test("a word of its own finds nothing", () => {
  expect(["replicas", "x", "cors", ""].map((word) => nearest(word, keys))).toEqual([null, null, null, null]);
});
