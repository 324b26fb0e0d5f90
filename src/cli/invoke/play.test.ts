/** The player against processors that are made up: what it shows, what it waits for, when it gives up. */
import { describe, expect, test } from "bun:test";
import { parseInvoke } from "./arguments.test-support.ts";
import { type OpenStream, type StreamHandlers, playExchange } from "./play.ts";
import { readScenario } from "./read-scenario.ts";
import { type ExchangeRecord, isCompleted } from "./record.ts";
import { renderResult, renderStep } from "./render.ts";
import { reportExchange } from "./report.ts";

/** Answers as bytes: `oneof` tag and an empty member, and other shapes the tests need. */
const unchanged = {
  requestHeaders: [0x0a, 0],
  responseHeaders: [0x12, 0],
  requestBody: [0x1a, 0],
  responseBody: [0x22, 0],
};
/** `immediate_response { status { code: 403 } body: "no" }` */
const deny = [0x3a, 9, 0x0a, 3, 0x08, 0x93, 0x03, 0x1a, 2, 0x6e, 0x6f];
/** `override_message_timeout { seconds: 2 }` */
const moreTime = [0x52, 2, 0x08, 2];

/** A processor that gives the next answers for each message it gets; an Error ends the stream, null says nothing. */
function processor(...answers: (readonly number[] | Error | null)[]): { open: OpenStream; closed: () => boolean } {
  let closed = false;
  let at = 0;
  const open: OpenStream = ({ onMessage, onEnd }: StreamHandlers) => ({
    write() {
      const answer = answers[at++];
      if (answer === undefined || answer === null) return;
      queueMicrotask(() => {
        if (answer instanceof Error) onEnd(13, answer.message);
        else onMessage(Uint8Array.from(answer));
      });
    },
    close() {
      closed = true;
    },
  });
  return { open, closed: () => closed };
}

async function play(args: readonly string[], open: OpenStream): Promise<{ record: ExchangeRecord; text: string }> {
  let text = "";
  const scenario = readScenario(parseInvoke(...args), "/");
  const record = await playExchange(scenario, open, (step) => (text += renderStep(step)));
  return { record, text: text + renderResult(record) };
}

function verdicts(record: ExchangeRecord): string[] {
  return record.steps.flatMap((step) => (step.kind === "verdict" ? [step.verdict] : []));
}

describe("playing Envoy", () => {
  test("shows every message, what upstream and client get, and closes the stream", async () => {
    const { open, closed } = processor(unchanged.requestHeaders, unchanged.responseHeaders);
    const { record, text } = await play(["--response-data", "hello", "--path", "/x"], open);
    expect(text).toBe(`  →  request headers, end of stream · body modes NONE, NONE
      :method: GET
      :scheme: http
      :authority: localhost
      :path: /x
  ←  request headers: continue unchanged
  →  response headers
      :status: 200
      content-length: 5
  ←  response headers: continue unchanged

Upstream gets
      :method: GET
      :scheme: http
      :authority: localhost
      :path: /x

The client gets
      :status: 200
      content-length: 5

      hello

Completed.
`);
    expect([isCompleted(record), closed()]).toEqual([true, true]);
  });

  test("bodies go in chunks, and an echo comes back", async () => {
    const { requestHeaders, requestBody, responseHeaders, responseBody } = unchanged;
    const three = <T>(answer: T): T[] => [answer, answer, answer];
    const { open } = processor(requestHeaders, ...three(requestBody), responseHeaders, ...three(responseBody));
    const modes = ["--request-body-mode", "streamed", "--response-body-mode", "streamed"];
    const { record } = await play([...modes, "-d", "abcde", "--chunk-size", "2", "--echo"], open);
    const bodies = record.steps.flatMap((step) =>
      step.kind === "sent" && step.message.phase.kind === "body"
        ? [Buffer.from(step.message.phase.bytes).toString()]
        : [],
    );
    expect(bodies).toEqual(["ab", "cd", "e", "ab", "cd", "e"]);
    expect(Buffer.concat(record.client.chunks).toString()).toBe("abcde");
    expect(isCompleted(record)).toBe(true);
  });

  test("an immediate answer completes it, nothing goes upstream", async () => {
    const { record, text } = await play([], processor(deny).open);
    expect(text).toContain("  ←  immediate response: 403\n      no\n\nUpstream gets nothing.\n");
    expect(isCompleted(record)).toBe(true);
  });

  test("a wrong answer is marked and is a failure", async () => {
    const { record, text } = await play([], processor(unchanged.responseHeaders).open);
    expect(text).toContain("  !! spurious: a header answer while waiting for nothing\n");
    expect([isCompleted(record), record.client.fields?.[0]]).toEqual([false, [":status", "500"]]);
  });

  test("bytes that are no answer end the exchange", async () => {
    const { record } = await play([], processor([0x0a, 200]).open);
    expect([isCompleted(record), verdicts(record)]).toEqual([false, ["streamError"]]);
  });

  test("a stream that ends with an error is shown with its name", async () => {
    const { record, text } = await play([], processor(new Error("it broke")).open);
    expect(text).toContain("  ←  the stream ends with INTERNAL: it broke\n");
    expect(isCompleted(record)).toBe(false);
  });

  test("no answer in time is a failure", async () => {
    const { record } = await play(["--timeout", "30"], processor(null).open);
    expect([verdicts(record), record.client.fields?.[0]]).toEqual([["messageTimeout"], [":status", "504"]]);
  });

  test("a processor may ask for more time, once", async () => {
    let write: StreamHandlers["onMessage"] = () => {};
    const open: OpenStream = (handlers) => {
      write = handlers.onMessage;
      return { write: () => queueMicrotask(() => write(Uint8Array.from(moreTime))), close() {} };
    };
    setTimeout(() => write(Uint8Array.from(deny)), 120);
    const { record } = await play(["--timeout", "40"], open);
    expect([verdicts(record), isCompleted(record)]).toEqual([["timeoutExtended"], true]);
  });

  test("a body that never ends in full duplex is given up, though Envoy would wait on", async () => {
    const args = ["--request-body-mode", "full-duplex", "-d", "abc", "--timeout", "40"];
    const { record, text } = await play(args, processor(unchanged.requestHeaders).open);
    expect(isCompleted(record)).toBe(false);
    expect(text).toContain("nothing came for 40 ms; Envoy has no timer here and waits on");
  });

  test("what a terminal would obey is shown by its number, what is no text by its length", async () => {
    const answers = [unchanged.requestHeaders, unchanged.responseHeaders];
    const { text } = await play(["--response-data", "\u001b[2J\r\nnext"], processor(...answers).open);
    expect(text).toContain("      \\x1b[2J\n      next\n");
    const binary = await play(["--response-data", "a\0b"], processor(...answers).open);
    expect(binary.text).toContain("      (3 bytes, no text)\n");
  });
});

test("the report has bodies as text, or as base64 where they are none", async () => {
  const file = `/tmp/invoke-${process.pid}.bin`;
  await Bun.write(file, new Uint8Array([0xff, 0xfe]));
  const { open } = processor(unchanged.requestHeaders, unchanged.responseHeaders);
  const { record } = await play(["-d", "hi", "--response-data", `@${file}`], open);
  await Bun.file(file).delete();
  expect(JSON.parse(JSON.stringify(reportExchange(record)))).toMatchObject({
    completed: true,
    details: null,
    upstream: { body: { text: "hi" }, trailers: null, ended: true, reset: false },
    client: { body: { base64: "//4=" } },
    steps: [
      { kind: "sent", side: "request", phase: { kind: "headers", endOfStream: false } },
      { kind: "received", answer: { kind: "headers", side: "request" } },
      { kind: "sent", side: "response" },
      { kind: "received", answer: { kind: "headers", side: "response" } },
    ],
  });
});
