/** Random functions, well- and ill-behaved: a list of steps as plain data, so that a trace can show them. */
import type { Side } from "../../src/cli/invoke/envoy/model.ts";
import type { SeededRandom } from "../../src/protobuf/seeded-random.test-support.ts";

/** What a transforming stream makes of a body; each gives the same bytes however the body is cut into chunks. */
export type Mapping = "identity" | "upper" | "double" | "drop" | "suffix" | "late";

export type Step =
  | { readonly do: "setHeader" | "appendHeader"; readonly side: Side; readonly name: string; readonly value: string }
  | { readonly do: "deleteHeader"; readonly side: Side; readonly name: string }
  /** Asks whether there is a body, as a stream, and leaves it there. */
  | { readonly do: "touchBody"; readonly side: Side }
  /** What it says of a body's length and framing counts for nothing. */
  | { readonly do: "setFraming"; readonly side: Side }
  | { readonly do: "setPath"; readonly path: string }
  | { readonly do: "setStatus"; readonly status: number }
  | { readonly do: "read"; readonly side: Side; readonly how: "bytes" | "text"; readonly awaited: boolean }
  | {
      readonly do: "readStream";
      readonly side: Side;
      readonly by: "reader" | "iterator";
      readonly chunks: number;
      readonly leave: "keep" | "cancel" | "release";
    }
  | { readonly do: "assign"; readonly side: Side; readonly body: string | null; readonly asBytes: boolean }
  | {
      readonly do: "assignStream";
      readonly side: Side;
      readonly as: "stream" | "generator";
      readonly pieces: readonly string[];
      readonly slow: boolean;
      readonly fails: boolean;
    }
  | {
      readonly do: "transform";
      readonly side: Side;
      readonly as: "stream" | "generator";
      readonly mapping: Mapping;
      readonly fails: boolean;
    }
  | { readonly do: "trailers"; readonly side: Side; readonly awaited: boolean; readonly set: boolean }
  | { readonly do: "wait"; readonly turns: number }
  | { readonly do: "next"; readonly awaited: boolean }
  | { readonly do: "clearRouteCache" | "metadata" | "throw" | "garbage" | "hang" | "returnNext" }
  | {
      readonly do: "respond";
      readonly status: number;
      readonly pieces: readonly string[];
      readonly streamed: boolean;
      readonly fails: boolean;
    }
  /** A `Response` whose body is made of a message's as that comes. */
  | { readonly do: "respondFrom"; readonly side: Side; readonly status: number; readonly mapping: Mapping };

export interface Program {
  readonly steps: readonly Step[];
  /** Catches what a step throws and goes on; else it is the function's failure. */
  readonly careful: boolean;
  /** Steps taken after the function has returned. */
  readonly late: readonly Step[];
}

export function randomProgram(random: SeededRandom): Program {
  const steps: Step[] = [];
  const kind = random.below(12);
  const many = random.below(4);
  for (let i = 0; i < many; i++) steps.push(messageStep(random, "request"));
  if (kind === 0) steps.push(exit(random, "request"));
  else if (kind <= 2) steps.push({ do: "next", awaited: false });
  else if (kind > 3) {
    steps.push({ do: "next", awaited: true });
    if (random.below(6) === 0) steps.push(messageStep(random, "request"));
    const responseSteps = random.below(4);
    for (let i = 0; i < responseSteps; i++) steps.push(messageStep(random, "response"));
    if (random.below(5) === 0) steps.push(exit(random, random.pick(["request", "response", "response"])));
  }
  const late = random.below(10) === 0 ? [messageStep(random, random.pick(["request", "response"]))] : [];
  return { steps, careful: random.below(3) > 0, late };
}

function messageStep(random: SeededRandom, side: Side): Step {
  const text = () => letters(random, random.pick([0, 1, 5, 40, 300]));
  switch (random.below(15)) {
    case 0:
    case 1:
      return { do: "setHeader", side, name: random.pick(["x-fn", "x-orig"]), value: letters(random, 3) };
    case 2:
      return { do: "appendHeader", side, name: random.pick(["x-fn", "x-orig"]), value: letters(random, 3) };
    case 3:
      return { do: "deleteHeader", side, name: random.pick(["x-orig", side === "request" ? "cookie" : "set-cookie"]) };
    case 4:
      return side === "request"
        ? { do: "setPath", path: `/${letters(random, 4)}` }
        : { do: "setStatus", status: random.pick([201, 201, 204, 304]) };
    case 5:
    case 6:
      return { do: "read", side, how: random.pick(["bytes", "text"]), awaited: random.below(5) > 0 };
    case 7:
      // Who keeps a stream without reading on holds the message back: that is what back-pressure means.
      return {
        do: "readStream",
        side,
        by: random.pick(["reader", "iterator"]),
        ...(random.below(2) === 0
          ? { chunks: 1 + random.below(2), leave: "cancel" }
          : { chunks: Infinity, leave: random.pick(["keep", "cancel", "release"]) }),
      };
    case 8:
    case 9:
      return { do: "assign", side, body: random.below(6) === 0 ? null : text(), asBytes: random.below(2) === 0 };
    case 10:
      return {
        do: "assignStream",
        side,
        as: random.pick(["stream", "generator"]),
        pieces: Array.from({ length: random.below(4) }, text),
        slow: random.below(2) === 0,
        fails: random.below(8) === 0,
      };
    case 11:
    case 12:
      return {
        do: "transform",
        side,
        as: random.pick(["stream", "generator"]),
        mapping: randomMapping(random),
        fails: random.below(12) === 0,
      };
    case 13:
      return { do: "trailers", side, awaited: random.below(4) > 0, set: random.below(2) === 0 };
    default:
      return random.pick<Step>([
        { do: "wait", turns: 1 + random.below(6) },
        { do: "clearRouteCache" },
        { do: "metadata" },
        { do: "setFraming", side },
        { do: "touchBody", side },
        { do: "touchBody", side },
      ]);
  }
}

function exit(random: SeededRandom, side: Side): Step {
  switch (random.below(8)) {
    case 0:
      return { do: "throw" };
    case 1:
      return { do: random.pick(["garbage", "returnNext"]) };
    case 2:
      return { do: "hang" };
    case 3:
    case 4:
      return { do: "respondFrom", side, status: random.pick([200, 401]), mapping: randomMapping(random) };
    default:
      return {
        do: "respond",
        status: random.pick([200, 401, 503]),
        pieces: Array.from({ length: random.below(4) }, () => letters(random, random.pick([1, 20, 200]))),
        streamed: random.below(2) === 0,
        fails: random.below(6) === 0,
      };
  }
}

function randomMapping(random: SeededRandom): Mapping {
  return random.pick(["identity", "upper", "double", "drop", "suffix", "late"]);
}

function letters(random: SeededRandom, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(65 + random.below(26))).join("");
}
