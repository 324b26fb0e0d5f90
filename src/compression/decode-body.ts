/** Decodes the content codings of a whole body (RFC 9110 8.4) within limits. */
import { decodeWhole, formatOf } from "./coders.ts";
import { type CodingName, knownCodings } from "./content-encoding.ts";
import { CodingError, type DecodeBody, type DecodeLimits } from "./contract.ts";
import { DecodeBudget, asCodingError, trailingData, truncated } from "./decode-failure.ts";
import { ZstdFrames } from "./zstd-frames.ts";

export type { DecodeLimits };

export const decodeBody: DecodeBody = async (body, codings, limits) => {
  const budget = new DecodeBudget(limits);
  budget.received = body.length;
  try {
    let bytes = body;
    for (const coding of knownCodings(codings).toReversed()) {
      if (bytes.length === 0) break;
      bytes = await decodeOne(bytes, coding, budget);
    }
    return { body: bytes };
  } catch (error) {
    if (!(error instanceof CodingError)) throw error;
    return { failure: error.code, message: error.message };
  }
};

async function decodeOne(bytes: Uint8Array, coding: CodingName, budget: DecodeBudget): Promise<Uint8Array> {
  if (coding === "zstd") assertWholeFrames(bytes);
  try {
    const decoded = await decodeWhole(bytes, formatOf(coding, bytes), budget.allowed);
    if (decoded.taken < bytes.length) throw trailingData(coding);
    return decoded.bytes;
  } catch (error) {
    throw asCodingError(error, coding, budget);
  }
}

function assertWholeFrames(bytes: Uint8Array): void {
  const frames = new ZstdFrames();
  frames.push(bytes);
  if (!frames.complete) throw truncated("zstd");
}
