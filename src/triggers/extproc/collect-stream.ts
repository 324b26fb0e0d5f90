/** Gathers a stream of bytes within a limit. */
import { ExchangeError } from "../../function/errors.ts";
import { ChunkList } from "./chunk-list.ts";
import { toBytes } from "./outgoing-body.ts";

/** @throws ExchangeError `BODY_TOO_LARGE` beyond `maxBytes`; the stream is cancelled then. Whatever the stream rejects with. */
export async function collectStream(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks = new ChunkList();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(toBytes(value));
    if (chunks.bytes > maxBytes) {
      reader.cancel().catch(() => {}); // its failure changes nothing: the error below is what counts
      throw new ExchangeError("BODY_TOO_LARGE", `the body given is longer than ${maxBytes} bytes`);
    }
  }
  return chunks.join();
}
