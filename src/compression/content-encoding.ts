/** The `content-encoding` field (RFC 9110 8.4): which codings a body has, and whether they can be undone here. */
import { CodingError } from "./contract.ts";

export type CodingName = "gzip" | "deflate" | "br" | "zstd";

/** Codings in one field; more than a chain of gateways would ever stack. */
const MAX_CODINGS = 4;

const NAMES: ReadonlyMap<string, CodingName> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"], // RFC 9110 8.4.1.3
  ["deflate", "deflate"],
  ["br", "br"], // RFC 7932
  ["zstd", "zstd"], // RFC 8878
]);

/** The codings named by a `content-encoding` value, in the order they were applied; "identity" and empty members left out. */
export function parseContentEncoding(value: string | null): string[] {
  if (value === null) return [];
  return value
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
}

/** @throws CodingError `unknown-coding`, naming the first one that is not supported. */
export function knownCodings(codings: readonly string[]): CodingName[] {
  if (codings.length > MAX_CODINGS) {
    throw new CodingError("unknown-coding", `content-encoding names ${codings.length} codings, at most ${MAX_CODINGS}`);
  }
  return codings.map((coding) => {
    const name = NAMES.get(coding);
    if (name === undefined) {
      throw new CodingError("unknown-coding", `content-encoding "${coding}" is not supported`);
    }
    return name;
  });
}

/** Whether every one of them can be undone and applied here. */
export function areKnownCodings(codings: readonly string[]): boolean {
  return codings.length <= MAX_CODINGS && codings.every((coding) => NAMES.has(coding));
}
