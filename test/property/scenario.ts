/** What one interleaving plays: how Envoy and the trigger are configured and what client and upstream send. */
import { defaultEnvoyConfig } from "../../src/cli/invoke/envoy/defaults.ts";
import type { BodySendMode, EnvoyConfig, EnvoyVersion, HeaderField } from "../../src/cli/invoke/envoy/model.ts";
import type { SeededRandom } from "../../src/protobuf/seeded-random.test-support.ts";

/** A message as its sender gives it to Envoy. */
export interface MessageScript {
  readonly fields: readonly HeaderField[];
  /** Null: the headers end the message. */
  readonly chunks: readonly Uint8Array[] | null;
  readonly trailers: readonly HeaderField[] | null;
}

export interface Scenario {
  readonly envoy: EnvoyConfig;
  /** `attributes` of the trigger, as a user writes them. */
  readonly attributes: { readonly onError: "pass" | "fail" | number } & Readonly<Record<string, unknown>>;
  readonly request: MessageScript;
  readonly response: MessageScript;
  /** The upstream answers as soon as it has seen headers, else when it has seen the whole request. */
  readonly answersEarly: boolean;
  /** The exchange begins with the response: a reply of another filter. */
  readonly withoutRequest: boolean;
  /** Bytes in flight to Envoy beyond which `send` says that it is enough. */
  readonly sendWindow: number;
  /** What may come in between. */
  readonly disturbance: "none" | "clientAbort" | "timer" | "drain" | "serverDeadline";
  /** After how many steps. */
  readonly disturbAt: number;
}

const BODY_MODES: readonly [BodySendMode, ...BodySendMode[]] = [
  "NONE",
  "STREAMED",
  "BUFFERED",
  "BUFFERED_PARTIAL",
  "FULL_DUPLEX_STREAMED",
];

export function randomScenario(random: SeededRandom): Scenario {
  const envoy = randomEnvoy(random);
  const isHead = random.below(20) === 0;
  const request = randomMessage(random, [
    [":method", isHead ? "HEAD" : random.pick(["GET", "POST", "PUT"])],
    [":scheme", "http"],
    [":authority", "example.com"],
    [":path", "/a?b=c"],
    ["x-orig", "one"],
    ["cookie", "a=1"],
    ["cookie", "b=2"],
  ]);
  const status = random.pick(["200", "200", "200", "404", "204"]);
  const response = randomMessage(
    random,
    [
      [":status", status],
      ["x-orig", "two"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
    isHead || status === "204",
  );
  const disturbances = ["clientAbort", "timer", "drain", "serverDeadline"] as const;
  return {
    envoy,
    attributes: {
      onError: random.pick(["pass", "pass", "fail", 500, 503]),
      ...random.pick<object>([{}, {}, {}, { timeout: "1s" }, { timeout: "1s", extendTimeout: "2s" }]),
      ...(random.below(8) === 0 ? { perRequestBodyBufferBytes: 200 } : {}),
      ...(envoy.version === "1.36" ? { streamedResponses: false } : {}),
      ...(random.below(8) === 0 ? { withoutRequest: "run" } : {}),
    },
    request,
    response,
    // Without request headers and with its body in flight an early response looks like one without a request.
    answersEarly: random.below(4) === 0 && envoy.processingMode.requestHeaderMode === "SEND",
    withoutRequest: random.below(40) === 0,
    sendWindow: random.pick([1, 100, 2000, Infinity, Infinity]),
    disturbance: random.below(3) === 0 ? random.pick(disturbances) : "none",
    disturbAt: 1 + random.below(40),
  };
}

function randomEnvoy(random: SeededRandom): EnvoyConfig {
  const requestBodyMode = random.pick(BODY_MODES);
  const responseBodyMode = random.pick(BODY_MODES);
  const trailers = (mode: BodySendMode) =>
    mode === "FULL_DUPLEX_STREAMED" || random.below(2) === 0 ? ("SEND" as const) : ("SKIP" as const);
  const versions: readonly [EnvoyVersion, ...EnvoyVersion[]] = ["1.36", "1.37", "1.40"];
  return {
    ...defaultEnvoyConfig,
    version: random.pick(versions),
    processingMode: {
      requestHeaderMode: random.below(12) === 0 ? "SKIP" : "SEND",
      responseHeaderMode: random.below(12) === 0 ? "SKIP" : "SEND",
      requestBodyMode,
      responseBodyMode,
      requestTrailerMode: trailers(requestBodyMode),
      responseTrailerMode: trailers(responseBodyMode),
    },
    sendBodyWithoutWaitingForHeaderResponse: random.below(4) === 0,
    allowModeOverride: random.below(3) > 0,
    failureModeAllow: random.below(3) === 0,
    observabilityMode: random.below(16) === 0,
    maxMessageTimeoutMs: random.pick([0, 5000]),
    bufferLimitBytes: random.pick([200, 2000, 1_048_576, 1_048_576]),
  };
}

function randomMessage(random: SeededRandom, fields: HeaderField[], bodiless = false): MessageScript {
  const chunks = bodiless || random.below(4) === 0 ? null : randomChunks(random);
  const trailers: HeaderField[] | null = !bodiless && random.below(4) === 0 ? [["x-trailer", "end"]] : null;
  if (chunks === null && trailers === null) return { fields, chunks, trailers };
  const length = (chunks ?? []).reduce((sum, chunk) => sum + chunk.length, 0);
  const announced = trailers === null && random.below(2) === 0;
  return {
    fields: announced ? [...fields, ["content-length", String(length)]] : fields,
    chunks: chunks ?? [],
    trailers,
  };
}

/** No chunk, only an empty one, one byte, many small ones, or a few larger ones. The last one may be empty. */
function randomChunks(random: SeededRandom): Uint8Array[] {
  const sizes = random.pick<readonly number[]>([
    [0],
    [1],
    [10],
    Array.from({ length: 2 + random.below(6) }, () => random.below(30)),
    Array.from({ length: 1 + random.below(5) }, () => random.below(300)),
    Array.from({ length: 1 + random.below(3) }, () => random.below(3000)),
    random.below(30) === 0 ? [100_000, 100_000, 100_000] : [7, 0, 5, 0],
  ]);
  return sizes.map((length) => letters(random, length));
}

/** Lower-case letters, so that what upper-casing does can be seen. */
function letters(random: SeededRandom, length: number): Uint8Array {
  const start = random.below(26);
  return Uint8Array.from({ length }, (_, index) => 97 + ((start + index) % 26));
}

export function wholeBody(script: MessageScript): Buffer {
  return Buffer.concat(script.chunks ?? []);
}
