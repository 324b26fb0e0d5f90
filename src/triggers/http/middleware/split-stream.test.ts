import { expect, test } from "bun:test";
import { splitStream } from "./split-stream.ts";

function source(pieces: readonly string[]) {
  const state = { read: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[state.read++];
        if (piece === undefined) controller.close();
        else controller.enqueue(Buffer.from(piece));
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, state };
}

const textOf = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

test("both sides get every byte, whoever reads first", async () => {
  const first = splitStream(source(["a", "b", "c"]).stream, 100);
  expect(await textOf(first.observed)).toBe("abc");
  expect(await textOf(first.forwarded)).toBe("abc");
  const second = splitStream(source(["a", "b", "c"]).stream, 100);
  expect(await Promise.all([textOf(second.forwarded), textOf(second.observed)])).toEqual(["abc", "abc"]);
});

test("a side nobody reads fails beyond the limit, the other goes on", async () => {
  const { observed, forwarded } = splitStream(source(["aaa", "bbb", "c"]).stream, 5);
  expect(await textOf(forwarded)).toBe("aaabbbc");
  expect(await failureOf(textOf(observed))).toMatch("more than 5 bytes of the body wait to be read");
});

test("the source is left when both sides leave", async () => {
  const { stream, state } = source(["a", "b", "c"]);
  const { observed, forwarded } = splitStream(stream, 100);
  await observed.cancel();
  expect(state.cancelled).toBe(false);
  await forwarded.cancel();
  expect(state.cancelled).toBe(true);
});

test("what the source fails with reaches both", async () => {
  const failing = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("cut off")) });
  const { observed, forwarded } = splitStream(failing, 100);
  expect(await failureOf(textOf(observed))).toMatch("cut off");
  expect(await failureOf(textOf(forwarded))).toMatch("cut off");
});

/** "" when it does not fail. */
function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => "", String);
}
