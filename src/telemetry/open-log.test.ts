import { describe, expect, test } from "bun:test";
import { chooseLogFormat, openLog } from "./open-log.ts";

async function openMemoryLog(format: "console" | "json", level: "debug" | "info" = "info") {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: await openLog({ level, format, name: "worker 0", destination, colours: false }) };
}

describe("openLog", () => {
  test("writes one JSON object a line with level, time, name and message", async () => {
    const { log, lines } = await openMemoryLog("json");
    log.info({ port: 5051 }, "listening");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith("\n")).toBe(true);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      time: expect.any(Number),
      name: "worker 0",
      port: 5051,
      message: "listening",
    });
  });

  test.each(["json", "console"] as const)("never writes a credential in %s, wherever it stands", async (format) => {
    const { log, lines } = await openMemoryLog(format);
    const headers = { Cookie: "s3cret", "x-api-key": "s3cret" };
    log.info({ request: { headers } }, "Authorization: Bearer s3cret");
    log.child({ authorization: "s3cret" }).child({ headers }).warn("child");
    log.error({ err: Object.assign(new Error("set-cookie: s3cret"), { headers: new Headers(headers) }) }, "failed");
    const text = lines.join("");
    expect(text).not.toContain("s3cret");
    expect(text.match(/\[redacted\]/gu)?.length).toBeGreaterThanOrEqual(8);
  });

  test("leaves out lines below its level", async () => {
    const { log, lines } = await openMemoryLog("json");
    log.debug("nobody reads this");
    expect(lines).toEqual([]);
    expect([log.isLevelEnabled("debug"), log.isLevelEnabled("info")]).toEqual([false, true]);
  });

  test("writes readable lines in the console format", async () => {
    const { log, lines } = await openMemoryLog("console");
    log.warn({ port: 8081 }, "port is busy");
    expect(lines.join("")).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] WARN \(worker 0\): port is busy \{"port":8081\}\n$/u);
  });
});

test("the automatic format is readable on a terminal only", () => {
  expect([chooseLogFormat("auto", true), chooseLogFormat("auto", false)]).toEqual(["console", "json"]);
  expect([chooseLogFormat("json", true), chooseLogFormat("console", false)]).toEqual(["json", "console"]);
});
