/** A function's `Response` as Envoy sends it to the client: status and header lines. */
import { looksCoded } from "../../compression/coders.ts";
import { areKnownCodings, knownCodings, parseContentEncoding } from "../../compression/content-encoding.ts";
import { ExchangeError } from "../../function/errors.ts";
import type { ChangedLine } from "../../function/header-list.ts";

export interface AnswerHead {
  readonly status: number;
  readonly lines: readonly ChangedLine[];
  /** From a `grpc-status` header; null: Envoy maps the HTTP status for gRPC clients. */
  readonly grpcStatus: number | null;
  /** Header names left out because Envoy lets nobody else set them. */
  readonly leftOut: readonly string[];
}

/** Set by Envoy from the body it sends, or meaningless behind a proxy. */
const FRAMING = new Set(["content-length", "transfer-encoding", "connection", "keep-alive"]);
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * `x-envoy-*` fields are left out unless they are allowed: what came through another Envoy, a fetched response or one
 * made of the upstream's headers, is full of them. @throws ExchangeError when Envoy would refuse a header or the status.
 */
export function toAnswerHead(response: Response, allowEnvoyHeaders: boolean): AnswerHead {
  const { status, headers } = response;
  if (status < 200 || status > 599) {
    throw new ExchangeError("HEADER_INVALID", `status ${status} cannot be answered: 200 to 599 can`);
  }
  const lines: ChangedLine[] = [];
  const leftOut: string[] = [];
  let grpcStatus: number | null = null;
  let cookies = 0;
  for (const [name, value] of headers) {
    if (name === "grpc-status") {
      grpcStatus = toGrpcStatus(value);
      continue;
    }
    if (FRAMING.has(name)) continue;
    if (name === "host") {
      throw new ExchangeError("NOT_ALLOWED_BY_ENVOY", `header "host" cannot be in an immediate answer`);
    }
    if (name.startsWith("x-envoy-") && !allowEnvoyHeaders) {
      leftOut.push(name);
      continue;
    }
    if (NOT_IN_A_VALUE.test(value)) {
      throw new ExchangeError("HEADER_INVALID", `value of header "${name}" has a character Envoy refuses`);
    }
    // The web's Headers give one entry a name, except for set-cookie, which comes once a cookie.
    lines.push({ name, value, append: name === "set-cookie" && cookies++ > 0 });
  }
  // The runtime keeps the type of a body given as text to itself; without one Envoy would leave out the charset.
  if (response.body !== null && !headers.has("content-type")) {
    lines.push({ name: "content-type", value: "text/plain;charset=utf-8", append: false });
  }
  return { status, lines, grpcStatus, leftOut };
}

export function namesCoding(lines: readonly ChangedLine[]): boolean {
  return lines.some(isCoding);
}

/**
 * Without a content coding the body does not have: what `fetch` and a message's own `body` give is decoded, while their
 * headers still name the coding. @param isWhole else only its beginning is given.
 */
export function withTrueCoding(
  lines: readonly ChangedLine[],
  body: Uint8Array,
  isWhole: boolean,
): readonly ChangedLine[] {
  const line = lines.find(isCoding);
  if (line === undefined || body.length === 0) return lines;
  const codings = parseContentEncoding(line.value);
  if (!areKnownCodings(codings)) return lines;
  const last = knownCodings(codings).at(-1);
  return last === undefined || looksCoded(body, last, isWhole) ? lines : lines.filter((other) => other !== line);
}

function isCoding({ name }: ChangedLine): boolean {
  return name === "content-encoding";
}

function toGrpcStatus(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new ExchangeError("HEADER_INVALID", `grpc-status ${JSON.stringify(value)} is not a number`);
}
