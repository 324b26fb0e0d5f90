/** Results whose body is a file, as Nuclio's handlers ask for it by `X-nuclio-filestream-path`. */
import { unlink } from "node:fs/promises";
import type { EventResult } from "../../event/contract.ts";
import { toResponse } from "./answer.ts";

const PATH_HEADER = "x-nuclio-filestream-path";
const DELETE_HEADER = "x-nuclio-filestream-delete-after-send";

/** Null when the result names none. */
export function namedFile({ headers }: EventResult): string | null {
  return headers.find(([name]) => name === PATH_HEADER)?.[1] ?? null;
}

/** 404 when there is no such file, 500 when it cannot be read. The two headers are not forwarded. */
export async function answerWithFile(result: EventResult, path: string): Promise<Response> {
  const headers = result.headers.filter(([name]) => name !== PATH_HEADER && name !== DELETE_HEADER);
  const file = Bun.file(path);
  try {
    const found = await file.stat();
    if (!found.isFile()) return new Response(null, { status: 500 });
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return new Response(null, { status: isMissing ? 404 : 500 });
  }
  const isDeleted = result.headers.some(([name]) => name === DELETE_HEADER);
  return toResponse({ ...result, headers, body: isDeleted ? deleteAfter(file, path) : file.stream() });
}

/** Also when the client leaves before the end. */
function deleteAfter(file: Bun.BunFile, path: string): ReadableStream<Uint8Array> {
  const reader = file.stream().getReader();
  const remove = (): Promise<void> => unlink(path).catch(() => {}); // somebody else was faster: it is gone either way
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      await remove();
      controller.close();
    },
    async cancel(reason) {
      await reader.cancel(reason);
      await remove();
    },
  });
}
