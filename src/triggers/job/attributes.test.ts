import { expect, test } from "bun:test";
import * as v from "valibot";
import { jobAttributes } from "./attributes.ts";

const event = { method: "", path: "", query: "", headers: [], body: "" };

test("a job needs no options", () => {
  expect(v.parse(jobAttributes, {})).toEqual({
    event,
    timeoutMs: null,
    retries: { max: 0, backOffMs: 1000, maxBackOffMs: 300_000 },
    resultFile: null,
    gracefulShutdownTimeoutMs: 10_000,
    comesFrom: null,
  });
});

test("a text is the body as it is; anything else is its JSON, and said to be", () => {
  const bodyOf = (written: object) => {
    const { body, headers } = v.parse(jobAttributes, { event: written }).event;
    return { body, headers };
  };
  const json: [string, string][] = [["content-type", "application/json"]];
  expect(bodyOf({ body: '{"a":1}' })).toEqual({ body: '{"a":1}', headers: [] });
  expect(bodyOf({ body: { a: [1, null] } })).toEqual({ body: '{"a":[1,null]}', headers: json });
  expect(bodyOf({ body: false })).toEqual({ body: "false", headers: json });
  expect(bodyOf({ body: [], headers: { "Content-Type": "x/y" } })).toEqual({
    body: "[]",
    headers: [["content-type", "x/y"]],
  });
});

test("the path may have a query", () => {
  expect(v.parse(jobAttributes, { event: { path: "/a/b?c=1?2", method: "PUT" } }).event).toEqual({
    ...event,
    method: "PUT",
    path: "/a/b",
    query: "c=1?2",
  });
});
