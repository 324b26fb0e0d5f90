import { expect, test } from "bun:test";
import { peekBody, StreamedAnswer } from "./streamed-answer.ts";

test("a stream that breaks after the client has left is nobody's failure", async () => {
  const rejections: unknown[] = [];
  const note = (error: unknown): void => void rejections.push(error);
  process.on("unhandledRejection", note);
  const source = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const body = new ReadableStream<Uint8Array>({ start: source.resolve });
  const controller = await source.promise;
  const peek = await peekBody(body, 1000);
  const taken: unknown[] = [];
  const answer = new StreamedAnswer((frame) => {
    taken.push(frame);
    return false; // the peer takes no more
  });
  const sent = answer.send(peek);
  controller.enqueue(Buffer.from("a"));
  await Bun.sleep(0);
  controller.error(new Error("broken"));
  answer.cancel();
  await sent;
  await Bun.sleep(1);
  process.off("unhandledRejection", note);
  expect([taken.length, rejections]).toEqual([1, []]);
});
