/** Applies content codings to a stream, chunk by chunk. */
import { flushKind, openEncoder } from "./coders.ts";
import { noteEncoded } from "./collect-garbage.ts";
import { type StepRules, runStep } from "./coding-step.ts";
import { type CodingName, knownCodings } from "./content-encoding.ts";
import type { EncodeStream } from "./contract.ts";

export const encodeStream: EncodeStream = (stream, codings, { flush = "end" } = {}) => {
  let encoded = stream;
  for (const coding of knownCodings(codings)) encoded = runStep(encoded, encodingRules(coding, flush === "each-chunk"));
  return encoded;
};

function encodingRules(coding: CodingName, flushes: boolean): StepRules {
  return {
    coding,
    flushKind: flushes ? flushKind(coding) : null,
    open: () => openEncoder(coding),
    onInput: (chunk) => noteEncoded(chunk.length),
    onOutput() {},
    onInputEnd() {},
    describe: (error) => error,
  };
}
