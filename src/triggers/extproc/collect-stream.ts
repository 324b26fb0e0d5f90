/** Gathers a stream of bytes within a limit. */
import { ExchangeError } from "../../function/errors.ts";
import { readPieces, toBytes } from "../../function/body-pieces.ts";
import type { FlowingBody } from "../../function/contract.ts";
import { ChunkList } from "./chunk-list.ts";

/** @throws ExchangeError `BODY_TOO_LARGE` beyond `maxBytes`; the stream is cancelled then. Whatever the stream rejects with. */
export async function collectStream(body: FlowingBody, maxBytes: number): Promise<Uint8Array> {
  const reader = readPieces(body);
  const chunks = new ChunkList();
  for (;;) {
    const { done, value } = await reader.read();
    if (done === true) break;
    chunks.push(toBytes(value));
    if (chunks.bytes > maxBytes) {
      reader.cancel(undefined).catch(() => {}); // its failure changes nothing: the error below is what counts
      throw new ExchangeError("BODY_TOO_LARGE", `the body given is longer than ${maxBytes} bytes`);
    }
  }
  return chunks.join();
}
