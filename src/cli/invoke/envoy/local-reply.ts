/** The answers that Envoy gives the client itself: immediate answers, errors, and 413 for a body it does not hold. */
import { applyHeaderMutation } from "./header-mutation.ts";
import type { EnvoyEvent, HeaderFields, HeaderMutation, MutationRules } from "./model.ts";

/** What Envoy replies with. `mutation` null: nothing changes its headers. */
export interface LocalReply {
  readonly status: number;
  readonly body: Uint8Array;
  readonly details: string;
  readonly mutation: HeaderMutation | null;
}

/** Refused header operations first, then the reply. A mutation refused as a whole leaves the headers as they are. */
export function localReply({ status, body, details, mutation }: LocalReply, rules: MutationRules): EnvoyEvent[] {
  const base: HeaderFields = body.length === 0 ? [] : [["content-type", "text/plain"]];
  const outcome =
    mutation === null
      ? { fields: base, rejected: [] }
      : applyHeaderMutation(base, mutation, { rules, replaces: false, dropsContentLength: true });
  return [
    ...outcome.rejected.map((text) => ({ kind: "verdict", verdict: "rejectedMutation", text }) as const),
    { kind: "localReply", status, fields: outcome.fields, body, details: details.replaceAll(/\s/g, "_") },
  ];
}

const tooLargeText = Buffer.from("Payload Too Large");

/** The response to a request whose body is beyond the buffer limit. */
export const payloadTooLarge: { readonly fields: HeaderFields; readonly body: Uint8Array } = {
  fields: [
    [":status", "413"],
    ["content-length", String(tooLargeText.length)],
    ["content-type", "text/plain"],
  ],
  body: tooLargeText,
};
