/**
 * What the matrix combines, and what client and upstream must see of each combination. Everything that is not simply
 * "the function's change arrives" stands in `exceptions`, with its reason.
 */
import type { FieldLine } from "../../support/http1.ts";
import { type BodyShape, contentOf, flipped, trailersOf } from "./bodies.ts";

export const modes = ["none", "buffered", "partial", "streamed", "eager", "duplex", "observed"] as const;
export type Mode = (typeof modes)[number];

export const acts = [
  "pass",
  "headers",
  "replace",
  "rewrite",
  "transform",
  "frame",
  "immediate",
  "throw",
  "slow",
] as const;
export type Act = (typeof acts)[number];

/** What `onError` says: failing acts are tried with both, the others with a status. */
export const policies = ["500", "pass"] as const;
export type Policy = (typeof policies)[number];

export type Side = "request" | "response";
export type Protocol = "HTTP/1.1" | "HTTP/2";

export interface Cell {
  readonly mode: Mode;
  readonly body: BodyShape;
  readonly act: Act;
  readonly policy: Policy;
  readonly side: Side;
  readonly protocol: Protocol;
}

/** How a message arrived at its receiver. */
export interface Arrival {
  readonly headers: readonly FieldLine[];
  readonly body: string;
  readonly trailers: readonly FieldLine[];
}

/** A status of the processor's own, or of the function's. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** "cut": the connection or stream ended in the middle of the response. */
export type Outcome = Arrival | Answered | "cut";

export const sentHeaders: readonly FieldLine[] = [
  ["x-list", "one"],
  ["x-drop", "dropped"],
  ["x-list", "two"],
];

interface Exception {
  readonly applies: (cell: Cell) => boolean;
  /** What may be seen; more than one where Envoy's timing decides. */
  readonly outcomes: (cell: Cell) => readonly Outcome[];
  readonly reason: string;
}

const refused: Answered = { status: 500, text: "" };

/** Combinations Envoy or the mode forbids. The first that applies counts. */
export const exceptions: readonly Exception[] = [
  {
    applies: ({ mode }) => mode === "observed",
    outcomes: (cell) => [arrival(cell, "pass")],
    reason: "Envoy applies nothing in observability mode: whatever the function does, the original passes",
  },
  {
    applies: ({ mode, body, act }) =>
      mode === "partial" && body === "trailers" && ["rewrite", "transform", "frame"].includes(act),
    outcomes: () => [refused],
    reason:
      "BUFFERED_PARTIAL marks a body that ends in trailers like one cut off at the buffer limit; without content-length it counts as incomplete",
  },
  {
    applies: ({ mode, body, act }) =>
      (mode === "streamed" || mode === "eager") && body === "trailers" && ["rewrite", "frame"].includes(act),
    outcomes: ({ side }) => (side === "request" ? [refused] : ["cut", refused]),
    reason:
      "STREAMED sends trailers only after the last chunk was answered, so nothing can carry what the function makes at the body's end; it is never shortened instead",
  },
];

/** Envoy's own answers where a body outgrows its buffer: to a request, and instead of a response. */
const tooLarge: Answered = { status: 413, text: "Payload Too Large" };
const notBuffered: Answered = { status: 500, text: "Internal Server Error" };

/**
 * More of them with Envoy's defaults: no `allow_mode_override`, trailers SKIPped, 1 MiB of buffer. (Duplex needs its trailers.)
 */
export const defaultExceptions: readonly Exception[] = [
  {
    applies: ({ mode, body, act }) =>
      mode === "none" && body !== "none" && ["rewrite", "transform", "frame"].includes(act),
    outcomes: (cell) => (cell.side === "request" ? [refused] : [arrival(cell, "pass")]),
    reason:
      "Envoy ignores the override that asks for the body. A request has gone on by then, so its response fails; a response has gone on whole",
  },
  {
    applies: ({ mode, body, act }) =>
      (mode === "streamed" || mode === "eager") && body === "trailers" && act === "frame",
    outcomes: (cell) => [{ ...arrival(cell, "frame"), body: digest(unended(cell.body)) }],
    reason: "STREAMED without trailers never tells where the body ends: what a stream gives at its end has no place",
  },
  {
    applies: ({ mode, body, act }) =>
      (mode === "streamed" || mode === "eager") && body === "trailers" && act === "rewrite",
    outcomes: (cell) =>
      cell.side === "request" ? [refused] : ["cut", { ...arrival(cell, "rewrite"), body: digest(Buffer.alloc(0)) }],
    reason:
      "STREAMED without trailers never tells where the body ends: one that is gathered is lost. Set the trailer mode to SEND, or use BUFFERED",
  },
  {
    applies: ({ mode, body, act, protocol }) =>
      mode === "buffered" && body === "1 MiB" && protocol === "HTTP/1.1" && (act === "rewrite" || act === "frame"),
    outcomes: ({ side }) => [side === "request" ? tooLarge : notBuffered],
    reason:
      "the body fills the buffer of an HTTP/1.1 connection to the last byte, and what the function makes of it is longer",
  },
  {
    applies: ({ mode, body }) => mode === "buffered" && body === "8 MiB",
    outcomes: (cell) => [cell.side === "request" ? tooLarge : notBuffered, ...usual(cell)],
    reason:
      "Envoy refuses to buffer that much, unless the exchange ends first or the bytes wait in an HTTP/2 connection's window meanwhile",
  },
  {
    applies: ({ mode, body, act }) =>
      mode === "partial" && body === "8 MiB" && ["rewrite", "transform", "frame"].includes(act),
    outcomes: (cell) => [refused, ...usual(cell)],
    reason:
      "BUFFERED_PARTIAL sends the beginning alone when its buffer is full, and a body that is incomplete is not changed",
  },
];

function unended(body: BodyShape): Buffer {
  return Buffer.concat([Buffer.from("<"), flipped(contentOf(body))]);
}

/** `friendly`: room for the bodies, time, trailers, overrides. `defaults`: Envoy as it comes. */
export type Setting = "friendly" | "defaults";

const changing: readonly Act[] = ["headers", "replace", "rewrite", "transform", "frame"];

export function exceptionOf(cell: Cell, setting: Setting = "friendly"): Exception | null {
  const table = setting === "friendly" ? exceptions : [...defaultExceptions, ...exceptions];
  return table.find(({ applies }) => applies(cell)) ?? null;
}

export function expectedOutcomes(cell: Cell, setting: Setting = "friendly"): readonly Outcome[] {
  return exceptionOf(cell, setting)?.outcomes(cell) ?? usual(cell);
}

/** What is seen where nothing forbids it. */
function usual(cell: Cell): readonly Outcome[] {
  if (cell.act === "immediate") return [{ status: 418, text: "answered here" }];
  if (cell.act === "throw" || cell.act === "slow") return [cell.policy === "pass" ? arrival(cell, "pass") : refused];
  return [arrival(cell, cell.act)];
}

/** The message as it arrives after the act was carried out. */
function arrival({ body }: Cell, act: Act): Arrival {
  const content = contentOf(body);
  const bodies: Partial<Record<Act, () => Buffer>> = {
    replace: () => Buffer.from("fresh"),
    rewrite: () => Buffer.concat([Buffer.from("rewritten:"), flipped(content)]),
    transform: () => flipped(content),
    frame: () => Buffer.concat([Buffer.from("<"), flipped(content), Buffer.from(">")]),
  };
  const untouched = body === "none" && (act === "transform" || act === "frame");
  const bytes = untouched ? content : (bodies[act]?.() ?? content);
  return { headers: arrivingHeaders(act), body: digest(bytes), trailers: trailersOf(body) };
}

function arrivingHeaders(act: Act): readonly FieldLine[] {
  if (!changing.includes(act)) return sentHeaders;
  if (act !== "headers") return [...sentHeaders, ["x-did", act]];
  return [
    ["x-list", "one"],
    ["x-list", "two"],
    ["x-did", "headers"],
    ["x-list", "three"],
  ];
}

export function digest(bytes: Uint8Array): string {
  return `${bytes.length} bytes, ${Bun.hash(bytes).toString(16)}`;
}

export function nameOf({ mode, body, act, policy, side, protocol }: Cell): string {
  const failing = act === "throw" || act === "slow" ? ` (onError ${policy})` : "";
  return `${mode}: ${body}, ${act}${failing} on the ${side}, ${protocol}`;
}
