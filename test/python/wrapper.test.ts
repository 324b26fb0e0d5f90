/** Our wrapper under a processor that is not ours: what it must hear, what it must say, line by line. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type DrivenWrapper, driveWrapper, encode, event, frame } from "./wrapper-driver.ts";

const wrapper = join(import.meta.dir, "../../src/function/python/wrapper/_processor_wrapper.py");
const directory = join(import.meta.dir, "functions");

async function drive(options: { handler?: string; arguments?: readonly string[] } = {}): Promise<DrivenWrapper> {
  const driven = await driveWrapper({ wrapper, directory, handler: "protocol:handler", ...options });
  await driven.until("s");
  return driven;
}

/** Times and tracebacks vary; everything else is compared as it is. */
function shown(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line
      .replace(/"datetime": "[0-9-]{10} [0-9:]{8},[0-9]{3}"/, '"datetime": "T"')
      .replace(/"duration": [0-9.e-]+/, '"duration": D')
      .replace(/Traceback(?:\\.|[^"\\])*/g, "TRACE"),
  );
}

const log = (level: string, message: string, fields = ""): string =>
  `l{"datetime": "T", "level": "${level}", "message": "${message}", "with": {${fields}"worker_id": "3"}}`;
const result = (body: string, more = "", encoding = "text"): string =>
  `r{"body": "${body}", "content_type": "text/plain", "headers": {}, "status_code": 200, "body_encoding": "${encoding}"${more}}`;
const duration = 'm{"duration": D}';

test("a transcript of its life", async () => {
  await using driven = await drive();
  expect(shown(driven.events)).toEqual([log("info", "initialized", '"worker": "3", '), "s"]);
  expect(shown(await driven.ask(event({ body: Buffer.from("hello") })))).toEqual([
    duration,
    result("aGVsbG8=", "", "base64"),
  ]);
  expect(shown(await driven.ask(event({ path: "/log" })))).toEqual([
    log("debug", "plain text"),
    log("warning", "with fields", '"number": 1, "nothing": null, '),
    duration,
    result("logged"),
  ]);
  expect(shown(await driven.ask(event({ path: "/raise" })))).toEqual([
    log("error", "Exception caught in handler", '"exc": "no way", "traceback": "TRACE", '),
    'r{"body": "Exception caught in handler - \\"no way\\": TRACE", "body_encoding": "text", "content_type": "text/plain", "status_code": 500}',
  ]);
  expect(shown(await driven.ask([event({ id: "a" }), event({ id: "b" })]))).toEqual([
    duration,
    `r[${["a", "b"].map((id) => result(`batched ${id}`, `, "event_id": "${id}"`).slice(1)).join(", ")}]`,
  ]);
  expect(shown(await driven.ask(event({ path: "/async" })))).toEqual([
    duration,
    'r{"body": "{\\"later\\": true}", "content_type": "application/json", "headers": {}, "status_code": 202, "body_encoding": "text"}',
  ]);
  expect(driven.control).toEqual(['{"kind": "wrapperInitialized", "attributes": {"ready": "true"}}']);
  driven.hangUp();
  expect(await driven.exited).toBe(1);
});

test("the traceback names the handler's own lines and nothing of the wrapper", async () => {
  await using driven = await drive();
  const [, answer = ""] = await driven.ask(event({ path: "/raise" }));
  const { body } = JSON.parse(answer.slice(1)) as { body: string };
  expect(body.replaceAll(directory, "")).toBe(
    'Exception caught in handler - "no way": Traceback (most recent call last):\n' +
      '  File "/protocol.py", line 31, in handler\n    raise ValueError("no way")\nValueError: no way\n',
  );
});

test("a handler that exits is answered for like one that raises, and the wrapper lives on", async () => {
  await using driven = await drive();
  const [, answer = ""] = await driven.ask(event({ path: "/exit" }));
  expect(JSON.parse(answer.slice(1))).toMatchObject({ status_code: 500, body: expect.stringContaining("SystemExit") });
  expect(shown(await driven.ask(event({ path: "/calls" })))).toEqual([duration, result("2")]);
});

test("events may come in pieces, several at once, and large", async () => {
  await using driven = await drive();
  const bytes = frame(encode(event({ path: "/size", body: Buffer.alloc(70_000) })));
  driven.write(bytes.subarray(0, 2));
  await Bun.sleep(20);
  driven.write(bytes.subarray(2, 50));
  await Bun.sleep(20);
  driven.write(bytes.subarray(50));
  expect(shown([await driven.until("r")])).toEqual([result("70000")]);
  driven.write(Buffer.concat([bytes, bytes, bytes]));
  for (let i = 0; i < 3; i++) expect(shown([await driven.until("r")])).toEqual([result("70000")]);
  const [, answer = ""] = await driven.ask(event({ path: "/size", body: Buffer.alloc(30_000_000) }));
  expect(shown([answer])).toEqual([result("30000000")]);
  const [, large = ""] = await driven.ask(event({ path: "/large" }));
  expect((JSON.parse(large.slice(1)) as { body: string }).body.length).toBe(4_000_000);
});

test("texts are decoded only when asked for; what is no UTF-8 is refused alone", async () => {
  await using decoding = await drive();
  const plain = event({ path: "/kinds", headers: { a: "b" }, fields: { c: "d" } });
  expect(shown(await decoding.ask(plain))).toEqual([duration, result("str, dict, dict, str, str")]);
  const invalid = Buffer.from(frame(encode(event({ id: "~~~~" }))));
  invalid.fill(0xff, invalid.indexOf("~~~~"), invalid.indexOf("~~~~") + 4);
  decoding.write(invalid);
  const answer = JSON.parse((await decoding.until("r")).slice(1)) as object;
  expect(answer).toMatchObject({
    status_code: 500,
    body: expect.stringMatching(/^Exception caught while serving - .*utf-8/),
  });
  expect(shown(await decoding.ask(event({ path: "/calls" })))).toEqual([duration, result("2")]);

  await using raw = await drive({ arguments: [] });
  // A path in bytes is none of the handler's: it answers with the body.
  expect(shown(await raw.ask(event({ body: Buffer.from("raw") })))).toEqual([duration, result("cmF3", "", "base64")]);
});

test("signals: drain and termination call back once and let events drop, until it is to go on", async () => {
  await using driven = await drive();
  driven.signal("SIGUSR2");
  await driven.until(/drain callback/);
  driven.send(event({ path: "/calls" }));
  driven.signal("SIGUSR2");
  driven.signal("SIGUSR1");
  await driven.until(/termination callback/);
  driven.send(event({ path: "/calls" }));
  await Bun.sleep(50);
  driven.signal("SIGCONT");
  await Bun.sleep(50);
  expect(shown(await driven.ask(event({ path: "/calls" })))).toEqual([duration, result("1")]);
  const messages = driven.events.filter((line) => line.includes("callback"));
  expect(shown(messages)).toEqual([log("info", "drain callback"), log("info", "termination callback")]);
});

test("a signal during an event waits for its answer", async () => {
  await using driven = await drive();
  driven.send(event({ path: "/sleep" }));
  await Bun.sleep(50);
  driven.signal("SIGUSR1");
  await driven.until(/termination callback/);
  expect(shown(driven.events.slice(-3))).toEqual([duration, result("slept"), log("info", "termination callback")]);
});

test("a termination callback runs even when the processor is gone right after the signal", async () => {
  await using driven = await driveWrapper({ wrapper, directory, handler: "leaving:handler" });
  await driven.until("s");
  driven.signal("SIGUSR1");
  driven.hangUp();
  expect([await driven.exited, driven.output()]).toEqual([1, expect.stringContaining("cleaned up")]);
});

test("without its processor it ends, also from within a handler that never returns", async () => {
  for (const path of ["/hang", "/sleep", "/async"]) {
    await using driven = await drive();
    driven.send(event({ path }));
    await Bun.sleep(50);
    driven.hangUp();
    expect([path, await Promise.race([driven.exited, Bun.sleep(3000)])]).toEqual([path, 1]);
  }
});

test("without its processor it ends, also while it loads the function", async () => {
  for (const name of ["slow_import:handler", "slow_init:handler"]) {
    await using driven = await driveWrapper({ wrapper, directory, handler: name });
    await driven.connected;
    await Bun.sleep(200);
    driven.hangUp();
    expect([name, await Promise.race([driven.exited, Bun.sleep(3000)])]).toEqual([name, 1]);
  }
});

test("without its processor it ends, also when a thread of the handler goes on", async () => {
  await using driven = await driveWrapper({ wrapper, directory, handler: "threads:handler" });
  await driven.until("s");
  driven.hangUp();
  expect(await Promise.race([driven.exited, Bun.sleep(4500)])).toBe(1);
});

test("no line of the log is lost on a reader that is slow", async () => {
  await using driven = await drive();
  driven.pause();
  driven.send(event({ path: "/log-much" }));
  await Bun.sleep(300);
  driven.resume();
  await driven.until("r");
  const numbers = driven.events
    .filter((line) => line.includes("line "))
    .map((line) => Number(/line (\d+)/.exec(line)?.[1]));
  expect(numbers).toEqual(Array.from({ length: 5000 }, (_, index) => index));
});

test("an event of no length ends it", async () => {
  for (const size of [0, -1]) {
    await using driven = await drive();
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(size);
    driven.write(bytes);
    expect(await driven.exited).toBe(1);
    expect(driven.events.at(-1)).toContain(`the processor sent an event of ${size} bytes`);
  }
});

test("generators stream: beginning, pieces, end", async () => {
  await using driven = await drive();
  expect(shown(await driven.ask(event({ path: "/generator" }), "e"))).toEqual([
    result("one").replace("r", "c"),
    "bdHdv",
    "bMw==",
    duration,
    "e",
  ]);
  expect(shown(await driven.ask(event({ path: "/stream" }), "e"))).toEqual([
    'c{"body": "a", "content_type": "text/csv", "headers": {"x-a": "b"}, "status_code": 206, "body_encoding": "text"}',
    "bYg==",
    duration,
    "e",
  ]);
  const broken = shown(await driven.ask(event({ path: "/broken-stream" })));
  expect(broken.map((line) => line[0])).toEqual(["c", "l", "r"]);
  expect(shown(await driven.ask(event({ path: "/calls" })))).toEqual([duration, result("4")]);
});
