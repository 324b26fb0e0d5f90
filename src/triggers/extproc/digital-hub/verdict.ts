/** What a handler's result means for the exchange. */
import type { FunctionLog } from "../../../function/contract.ts";
import { parseStatus, type WholeNuclioResult } from "../../../function/nuclio/result.ts";
import { PHASE_HEADER, STATUS_HEADER } from "./event.ts";

export type Verdict =
  /** The message goes on with what is given. */
  | { readonly kind: "continue"; readonly content: Content }
  /** The client gets this status and body: at once, or in place of the upstream's. */
  | { readonly kind: "answer"; readonly status: number; readonly content: Content };

export interface Content {
  /** One entry a value, without the fields that speak to the processor or frame the message. */
  readonly headers: readonly (readonly [string, string])[];
  readonly contentType: string | null;
  /** Null leaves the body of a message that goes on, and is an empty one in an answer. */
  readonly body: Uint8Array | null;
}

/**
 * `X-Processing-Status` always answers, 200 too; without it a status other than 200 does.
 * @throws Error when the header's value is no status.
 */
export function toVerdict(result: WholeNuclioResult, log: FunctionLog): Verdict {
  const asked = result.headers.findLast(([name]) => name === STATUS_HEADER)?.[1];
  const status = asked === undefined ? result.status : parseStatus(asked);
  if (asked !== undefined && status === null) {
    throw new Error(`the handler's X-Processing-Status ${JSON.stringify(asked)} is not between 100 and 599`);
  }
  const headers = result.headers.filter(([name]) => !NOT_FORWARDED.has(name));
  const content = { headers, contentType: result.contentType, body: result.body };
  if (status === null || (status === 200 && asked === undefined)) return { kind: "continue", content };
  if (status >= 200) return { kind: "answer", status, content };
  log.warn({ status }, "an informational status cannot end an exchange: the client gets 200");
  return { kind: "answer", status: 200, content };
}

const NOT_FORWARDED = new Set([
  STATUS_HEADER,
  PHASE_HEADER,
  "connection",
  "content-length",
  "keep-alive",
  "transfer-encoding",
]);
