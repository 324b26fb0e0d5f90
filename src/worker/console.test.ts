import { expect, test } from "bun:test";
import type { Logger } from "../telemetry/log.ts";
import { redirectConsole } from "./console.ts";

test("what a function prints becomes lines of the log, without credentials", () => {
  const lines: string[] = [];
  const write = (level: string) => (line: object | string) =>
    void lines.push(`${level}: ${typeof line === "string" ? line : "fields"}`);
  const log: Logger = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => log,
    isLevelEnabled: () => true,
  };
  const original = { ...console };
  redirectConsole(log);
  try {
    console.log("got %d of", 2, { headers: { cookie: "s3cret" }, list: [1] });
    console.warn("careful");
    console.error(new Error("boom").message);
    console.debug("detail");
  } finally {
    Object.assign(console, original);
  }
  expect(lines).toEqual([
    "info: got 2 of { headers: { cookie: '[redacted]' }, list: [ 1 ] }",
    "warn: careful",
    "error: boom",
    "debug: detail",
  ]);
});
