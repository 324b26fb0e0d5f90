/** What a consumer of a coded stream may rely on: back-pressure, cancellation, errors, memory. */
import { describe, expect, test } from "bun:test";
import { codingNames, collect, encodeSync, generousLimits, sampleText, streamOf } from "./bodies.test-support.ts";
import { decodeStream } from "./decode-stream.ts";
import { encodeStream } from "./encode-stream.ts";

const text = sampleText(2_000_000);

describe("coded streams", () => {
  test("nothing is read of the source before somebody reads the result", async () => {
    const { stream, pulled } = streamOf(encodeSync.gzip(text), 1000);
    decodeStream(stream, ["gzip"], generousLimits);
    await Bun.sleep(5);
    expect(pulled()).toBe(0);
  });

  test.each(codingNames)("a consumer that stops reading stops the source of %s", async (coding) => {
    const coded = encodeSync[coding](text);
    const { stream, pulled } = streamOf(coded, 1000);
    const reader = decodeStream(stream, [coding, "gzip"].slice(0, 1), generousLimits).getReader();
    await reader.read();
    const after = pulled();
    await Bun.sleep(20);
    expect(pulled()).toBe(after);
    expect(after).toBeLessThan(coded.length / 1000 / 2);
  });

  test("a bomb in a single chunk unfolds no faster than it is read", async () => {
    const bomb = encodeSync.gzip(Buffer.alloc(256 * 1024 * 1024));
    const limits = { maxBytes: 1 << 30, maxExpansionRatio: 10_000 };
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    const reader = decodeStream(streamOf(bomb, bomb.length).stream, ["gzip"], limits).getReader();
    for (let i = 0; i < 4; i++) expect((await reader.read()).value?.length).toBeLessThanOrEqual(65_536);
    await Bun.sleep(100);
    expect(process.memoryUsage().rss - before).toBeLessThan(16 * 1024 * 1024);
    await reader.cancel();
  });

  test("cancelling the result cancels the source with the reason, through stacked codings", async () => {
    const { stream, cancelledWith } = streamOf(encodeSync.br(encodeSync.gzip(text)), 1000);
    const decoded = decodeStream(stream, ["gzip", "br"], generousLimits);
    const reader = decoded.getReader();
    await reader.read();
    await reader.cancel("enough");
    expect(cancelledWith()).toBe("enough");
  });

  test("cancelling while the source is silent ends the read", async () => {
    let cancelled = false;
    const silent = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    const reader = decodeStream(silent, ["gzip"], generousLimits).getReader();
    const read = reader.read();
    await reader.cancel();
    expect(await read).toEqual({ done: true, value: undefined });
    expect(cancelled).toBe(true);
  });

  test("an error of the source is the error of the result", async () => {
    const coded = encodeSync.gzip(text);
    let sent = false;
    const failing = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) return controller.error(new Error("connection lost"));
        sent = true;
        controller.enqueue(coded.subarray(0, 5000));
      },
    });
    const decoded = decodeStream(failing, ["gzip"], generousLimits);
    expect(collect(decoded)).rejects.toThrow("connection lost");
  });

  test("broken bytes cancel the source with the failure", async () => {
    const { stream, cancelledWith, pulled } = streamOf(Buffer.from("not coded at all, and long"), 8, true);
    expect(collect(decodeStream(stream, ["gzip"], generousLimits))).rejects.toMatchObject({ code: "undecodable" });
    await Bun.sleep(5);
    expect(cancelledWith()).toMatchObject({ code: "undecodable" });
    expect(pulled()).toBeLessThan(5);
  });

  test.each(["deflate", "br"] as const)("bytes without end behind %s are refused at once", async (coding) => {
    const coded = encodeSync[coding](Buffer.from("short"));
    const { stream, pulled } = streamOf(Buffer.concat([coded, Buffer.alloc(64)]), 64, true);
    expect(collect(decodeStream(stream, [coding], generousLimits))).rejects.toMatchObject({ code: "trailing-data" });
    await Bun.sleep(20);
    expect(pulled()).toBeLessThan(5);
  });

  test("a stopped bomb cancels the source and leaves the rest of it unread", async () => {
    const bomb = encodeSync.gzip(Buffer.alloc(64 * 1024 * 1024));
    const { stream, pulled, cancelledWith } = streamOf(bomb, 1000);
    const limits = { maxBytes: 2_000_000, maxExpansionRatio: 100_000 };
    expect(collect(decodeStream(stream, ["gzip"], limits))).rejects.toMatchObject({ code: "too-large" });
    await Bun.sleep(50);
    expect(cancelledWith()).toMatchObject({ code: "too-large" });
    expect(pulled()).toBeLessThan(8);
  });

  test("empty chunks are passed over", async () => {
    const coded = encodeSync.deflate(Buffer.from("hello"));
    const chunks = [new Uint8Array(0), coded.subarray(0, 1), new Uint8Array(0), coded.subarray(1), new Uint8Array(0)];
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    expect((await collect(decodeStream(stream, ["deflate"], generousLimits))).toString()).toBe("hello");
  });

  test("without codings the stream is the source itself", () => {
    const { stream } = streamOf(text, 1000);
    expect(decodeStream(stream, [], generousLimits)).toBe(stream);
    expect(encodeStream(stream, [])).toBe(stream);
  });
});
