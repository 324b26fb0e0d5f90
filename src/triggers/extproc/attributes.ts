/** What a user may write under `attributes` of an extproc trigger, and what the trigger gets of it. */
import * as v from "valibot";
import {
  drainDelay,
  gracefulShutdownTimeout,
  listenHost,
  listenPort,
  type TlsFiles,
  tlsFiles,
  toTlsFiles,
} from "../listen-options.ts";
import { byteCount, filePath, integer, positiveDuration } from "../option-types.ts";

const MiB = 1_048_576;

/** Times in ms, sizes in bytes, defaults filled in. Plain data. */
export interface ExtprocAttributes {
  /** The Digital Hub type; null runs middleware. */
  readonly type: DigitalHubType | null;
  /** The contract the function must follow; null: found from what the module exports. */
  readonly contract: "middleware" | "fetch" | "nuclio" | null;
  readonly listen: ExtprocListen;
  readonly tls: TlsFiles | null;
  /** What a failed function does to its exchange; null: the default of the contract (pass for types, 500 for middleware). */
  readonly onError: OnError | null;
  /** Longest time from a message's arrival to our answer; null: none where Envoy has its own timer. */
  readonly timeoutMs: number | null;
  /** Most time asked of Envoy by `override_message_timeout`; null: never asked. */
  readonly extendTimeoutMs: number | null;
  readonly drainDelayMs: number;
  readonly gracefulShutdownTimeoutMs: number;
  readonly withoutRequest: "skip" | "run";
  readonly allowRouting: boolean;
  readonly allowEnvoyHeaders: boolean;
  readonly clearRouteCache: "auto" | "never";
  /** Of one message, decoded. */
  readonly maxBodyBytes: number;
  /** Decoded size over coded size, above 1 MiB. */
  readonly maxExpansionRatio: number;
  /** Of one ext_proc message. */
  readonly maxMessageBytes: number;
  readonly maxConcurrentStreams: number;
  /** What Envoy takes of headers in one message after a function changed them. */
  readonly maxHeaderCount: number;
  readonly maxHeaderBytes: number;
  /** A `Response` whose body is a stream is sent piece by piece (StreamedImmediateResponse, Envoy 1.37). */
  readonly streamedResponses: boolean;
  /** Observers running after their exchange was answered. */
  readonly maxPending: number;
  readonly processing: ProcessingOptions;
}

export type DigitalHubType = "preprocessor" | "postprocessor" | "wrapprocessor" | "observeprocessor";

/** A number is the status answered to the client. */
export type OnError = "pass" | "fail" | number;

export type ExtprocListen =
  | { readonly kind: "tcp"; readonly hostname: string; /** 0 = any free port. */ readonly port: number }
  | { readonly kind: "unix"; readonly path: string; /** File mode of the socket, e.g. 0o660. */ readonly mode: number };

export interface ProcessingOptions {
  readonly logStream: boolean;
  readonly logPhases: boolean;
  readonly requestIdHeaderName: string;
  /** The exchange's id when that header is absent; "" = a fresh UUID. */
  readonly requestIdFallback: string;
  readonly bufferStreamedBodies: boolean;
  readonly decompressBodies: boolean;
  /** A new body is encoded as the one it replaces was; false: sent plain. */
  readonly recompressBodies: boolean;
  readonly updateExtProcHeader: boolean;
  readonly updateDurationHeader: boolean;
}

const bodyLimitText =
  "Longest message body a function may read, in bytes after decoding. A longer one is a failure and follows `onError`. 0 or absent: 4194304.";

function flag(fallback: boolean, description: string) {
  return v.optional(v.pipe(v.boolean(), v.description(description)), fallback);
}

const processingOptions = v.pipe(
  v.object({
    logStream: flag(false, "Logs one line for each exchange."),
    logPhases: flag(false, "Logs one line for each phase of an exchange."),
    requestIdHeaderName: v.optional(
      v.pipe(v.string(), v.nonEmpty("must not be empty"), v.description("The header that carries an exchange's id.")),
      "x-request-id",
    ),
    requestIdFallback: v.optional(
      v.pipe(v.string(), v.description("The exchange's id when that header is absent; empty: a fresh UUID.")),
      "",
    ),
    bufferStreamedBodies: flag(
      true,
      "Whether a body Envoy sends in pieces is collected for the Digital Hub types. false: they run without it.",
    ),
    perRequestBodyBufferBytes: v.optional(
      v.pipe(byteCount(0), v.description(`${bodyLimitText} The one directly under \`attributes\` wins.`)),
    ),
    decompressBodies: flag(true, "Whether functions see bodies decoded of gzip, deflate, br and zstd."),
    recompressBodies: flag(
      true,
      "Whether a body that functions replace gets the content coding of the original. false: it is sent plain and `content-encoding` removed, as far as the headers have not gone on.",
    ),
    updateExtProcHeader: flag(false, "Adds the function's name to the response header `x-extproc-names`."),
    updateDurationHeader: flag(
      false,
      "Adds the time spent here, in ns, to the response header `x-extproc-duration-ns`.",
    ),
  }),
  v.description("Options of the Digital Hub processor, where it has them."),
);

const socketMode = v.pipe(
  v.string(),
  v.regex(/^0?[0-7]{3}$/, 'must be three octal digits such as "0660"'),
  v.description("File mode of the socket, octal."),
);

const socket = v.pipe(
  v.object({
    path: v.pipe(filePath("any"), v.description("Path of the unix socket. More workers add .1, .2, … to it.")),
    mode: v.optional(socketMode, "0660"),
  }),
  v.description("Listens on a unix socket instead of `host` and `port`."),
);

export const extprocAttributes = v.pipe(
  v.object({
    type: v.optional(
      v.pipe(
        v.picklist(["preprocessor", "postprocessor", "wrapprocessor", "observeprocessor"]),
        v.description("Runs a Nuclio handler as this Digital Hub type. Absent: the function is middleware."),
      ),
    ),
    port: v.optional(listenPort(), 5051),
    host: listenHost(),
    socket: v.optional(socket),
    tls: v.optional(tlsFiles("Serves TLS (ALPN h2) instead of cleartext.")),
    contract: v.optional(
      v.pipe(
        v.picklist(["middleware", "fetch", "nuclio"]),
        v.description("The contract the function follows. Absent: found from what the module exports."),
      ),
    ),
    onError: v.optional(
      v.pipe(
        v.union(
          [v.picklist(["pass", "fail"]), integer(400, 599)],
          'must be "pass", "fail" or a status from 400 to 599',
        ),
        v.description(
          "What a failed function does: `pass` lets the original go on, a status answers the client, `fail` ends the stream with an error and leaves it to Envoy's `failure_mode_allow`. Default: `pass` with a `type`, 500 for middleware.",
        ),
      ),
    ),
    timeout: v.optional(
      v.pipe(
        positiveDuration(),
        v.description(
          "Longest time from a message's arrival to the answer, below Envoy's `message_timeout`. Default: `spec.eventTimeout`, else none where Envoy has that timer, else 60s.",
        ),
      ),
    ),
    extendTimeout: v.optional(
      v.pipe(
        positiveDuration(),
        v.description(
          "Asks Envoy once for this much time when a function has used 80 % of `timeout`. Needs Envoy's `max_message_timeout`.",
        ),
      ),
    ),
    drainDelay: drainDelay("Time to keep serving after SIGTERM while health already says NOT_SERVING."),
    gracefulShutdownTimeout: gracefulShutdownTimeout("exchanges"),
    withoutRequest: v.optional(
      v.pipe(
        v.picklist(["skip", "run"]),
        v.description(
          "Whether middleware runs for exchanges that begin with the response, such as Envoy's own replies.",
        ),
      ),
      "skip",
    ),
    allowRouting: flag(
      false,
      "Lets functions change the method and authority. Envoy's `mutation_rules` must allow it too.",
    ),
    allowEnvoyHeaders: flag(
      false,
      "Lets functions change `x-envoy-*` headers. Envoy's `mutation_rules` must allow it too.",
    ),
    clearRouteCache: v.optional(
      v.pipe(
        v.picklist(["auto", "never"]),
        v.description("Whether Envoy chooses the route again after a function changed path, authority or method."),
      ),
      "auto",
    ),
    perRequestBodyBufferBytes: v.optional(v.pipe(byteCount(0), v.description(bodyLimitText))),
    maxExpansionRatio: v.optional(
      v.pipe(
        integer(1, 100_000),
        v.description("How many times larger than sent a body may become by decoding, once above 1 MiB."),
      ),
      100,
    ),
    maxMessageBytes: v.optional(
      v.pipe(
        byteCount(1024),
        v.description("Longest ext_proc message, in bytes. A longer one is skipped unread and follows `onError`."),
      ),
      16 * MiB,
    ),
    maxConcurrentStreams: v.optional(
      v.pipe(integer(0), v.description("Exchanges at a time on one connection. 0 is the default.")),
      1024,
    ),
    maxHeaderCount: v.optional(
      v.pipe(
        integer(1),
        v.description(
          "Headers, and changes to them, that Envoy takes in one message: its `max_headers_count`. More are a failure.",
        ),
      ),
      100,
    ),
    maxHeaderBytes: v.optional(
      v.pipe(
        byteCount(1024),
        v.description("Bytes of headers Envoy takes: its `max_request_headers_kb`. More are a failure."),
      ),
      61_440,
    ),
    maxPending: v.optional(
      v.pipe(
        integer(1),
        v.description(
          "Observers still running after their exchange was answered. Above it they are dropped and counted.",
        ),
      ),
      1000,
    ),
    streamedResponses: flag(
      true,
      "Sends a `Response` with a streaming body piece by piece. Needs Envoy 1.37; false collects it first.",
    ),
    processingOptions: v.optional(processingOptions, {}),
  }),
  v.forward(
    v.partialCheck(
      [["timeout"], ["extendTimeout"]],
      ({ timeout, extendTimeout }) => extendTimeout === undefined || timeout !== undefined,
      "needs `timeout`: more time is asked for when 80 % of it is used",
    ),
    ["extendTimeout"],
  ),
  v.forward(
    v.partialCheck(
      [["type"], ["contract"]],
      ({ type, contract }) => type === undefined || contract === undefined || contract === "nuclio",
      "does not go with `type`: the Digital Hub types run Nuclio handlers",
    ),
    ["contract"],
  ),
  v.transform((written): ExtprocAttributes => ({
    type: written.type ?? null,
    contract: written.contract ?? null,
    listen:
      written.socket === undefined
        ? { kind: "tcp", hostname: written.host, port: written.port }
        : { kind: "unix", path: written.socket.path, mode: Number.parseInt(written.socket.mode, 8) },
    tls: toTlsFiles(written.tls),
    onError: written.onError ?? null,
    timeoutMs: written.timeout ?? null,
    extendTimeoutMs: written.extendTimeout ?? null,
    drainDelayMs: written.drainDelay,
    gracefulShutdownTimeoutMs: written.gracefulShutdownTimeout || 15_000,
    withoutRequest: written.withoutRequest,
    allowRouting: written.allowRouting,
    allowEnvoyHeaders: written.allowEnvoyHeaders,
    clearRouteCache: written.clearRouteCache,
    maxBodyBytes: written.perRequestBodyBufferBytes || written.processingOptions.perRequestBodyBufferBytes || 4 * MiB,
    maxExpansionRatio: written.maxExpansionRatio,
    maxMessageBytes: written.maxMessageBytes,
    maxConcurrentStreams: written.maxConcurrentStreams || 1024,
    maxHeaderCount: written.maxHeaderCount,
    maxHeaderBytes: written.maxHeaderBytes,
    maxPending: written.maxPending,
    streamedResponses: written.streamedResponses,
    processing: {
      logStream: written.processingOptions.logStream,
      logPhases: written.processingOptions.logPhases,
      requestIdHeaderName: written.processingOptions.requestIdHeaderName.toLowerCase(),
      requestIdFallback: written.processingOptions.requestIdFallback,
      bufferStreamedBodies: written.processingOptions.bufferStreamedBodies,
      decompressBodies: written.processingOptions.decompressBodies,
      recompressBodies: written.processingOptions.recompressBodies,
      updateExtProcHeader: written.processingOptions.updateExtProcHeader,
      updateDurationHeader: written.processingOptions.updateDurationHeader,
    },
  })),
);
