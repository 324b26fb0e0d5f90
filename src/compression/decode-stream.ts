/** Decodes the content codings of a stream, chunk by chunk and within limits. */
import { formatOf, openDecoder } from "./coders.ts";
import { type StepRules, runStep } from "./coding-step.ts";
import { type CodingName, knownCodings } from "./content-encoding.ts";
import type { DecodeStream } from "./contract.ts";
import { DecodeBudget, asCodingError, truncated } from "./decode-failure.ts";
import { ZstdFrames } from "./zstd-frames.ts";

export const decodeStream: DecodeStream = (stream, codings, limits) => {
  const budget = new DecodeBudget(limits);
  let decoded = stream;
  for (const [index, coding] of knownCodings(codings).toReversed().entries()) {
    decoded = runStep(decoded, decodingRules(coding, budget, index === 0));
  }
  return decoded;
};

/** @param receives the step takes the body as it was received. */
function decodingRules(coding: CodingName, budget: DecodeBudget, receives: boolean): StepRules {
  const frames = coding === "zstd" ? new ZstdFrames() : null;
  return {
    coding,
    flushKind: null,
    open: (beginning) => openDecoder(formatOf(coding, beginning)),
    onInput(chunk) {
      if (receives) budget.received += chunk.length;
      frames?.push(chunk);
    },
    onOutput(bytes) {
      if (bytes > budget.allowed) throw budget.tooLarge(coding);
    },
    onInputEnd() {
      if (frames?.complete === false) throw truncated(coding);
    },
    describe: (error) => asCodingError(error, coding, budget),
  };
}
