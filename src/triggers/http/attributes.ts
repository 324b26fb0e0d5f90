/** What a user may write under `attributes` of an http trigger, and what the trigger gets of it. */
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
import { byteCount, duration, integer, withoutEffect } from "../option-types.ts";

/** Times in ms, sizes in bytes, defaults filled in. Plain data. */
export interface HttpAttributes {
  /** The trigger's `url` goes before them. */
  readonly hostname: string;
  readonly port: number;
  readonly tls: TlsFiles | null;
  /** HTTP/2 beside HTTP/1.1: by ALPN with TLS, by prior knowledge without. */
  readonly http2: boolean;
  /** The contract the function must follow; null: found from what the module exports. */
  readonly contract: "middleware" | "fetch" | "nuclio" | "kubeless" | "kyma" | null;
  /** Origin to which the `next()` of middleware forwards, without a path; null: it answers 404. */
  readonly upstream: string | null;
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
  /** Longest time for the body of a request to arrive before its event; 0: none. */
  readonly readTimeoutMs: number;
  /** Idle connections are closed after it; 0: never. */
  readonly idleTimeoutMs: number;
  readonly drainDelayMs: number;
  readonly gracefulShutdownTimeoutMs: number;
  /** Null: requests of other origins are treated like any other. */
  readonly cors: CorsPolicy | null;
}

export interface CorsPolicy {
  /** In lower case; "*" is any. */
  readonly origins: readonly string[];
  /** In upper case. */
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly credentials: boolean;
  readonly exposedHeaders: readonly string[];
  readonly preflightMaxAgeSeconds: number;
}

const forPlatform = "it is for the platform that publishes the function";

const defaultMethods = ["HEAD", "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
const defaultHeaders = ["Accept", "Content-Length", "Content-Type", "Authorization", "X-Nuclio-Log-Level"];

const cors = v.pipe(
  v.object({
    enabled: v.optional(v.pipe(v.boolean(), v.description("Whether other origins are answered.")), false),
    allowOrigins: v.optional(v.pipe(v.array(v.string()), v.description("Origins that may call; `*` is any.")), ["*"]),
    allowMethods: v.optional(v.pipe(v.array(v.string()), v.description("Methods they may use.")), defaultMethods),
    allowHeaders: v.optional(
      v.pipe(v.array(v.string()), v.description("Request headers they may send.")),
      defaultHeaders,
    ),
    allowCredentials: v.optional(v.pipe(v.boolean(), v.description("Whether they may send credentials.")), false),
    exposeHeaders: v.optional(v.pipe(v.array(v.string()), v.description("Response headers they may read.")), []),
    preflightMaxAgeSeconds: v.optional(
      v.pipe(integer(-1), v.description("How long browsers may remember the answer to a pre-flight request.")),
      5,
    ),
  }),
  v.description(
    "Answers to browsers that call from other origins. Once enabled, requests of origins that are not allowed get 403.",
  ),
);

const upstream = v.pipe(
  v.string(),
  v.check(isOrigin, 'must be the URL of a server without a path, such as "http://127.0.0.1:9000"'),
  v.description("Where `next()` of middleware forwards requests to. Absent: it gives an empty 404."),
);

export const httpAttributes = v.pipe(
  v.object({
    port: v.optional(listenPort(), 8080),
    host: listenHost(),
    tls: v.optional(tlsFiles("Serves HTTPS instead of cleartext.")),
    http2: v.optional(
      v.pipe(
        v.boolean(),
        v.description("Serves HTTP/2 beside HTTP/1.1: by ALPN with `tls`, else to clients that begin with it."),
      ),
      true,
    ),
    contract: v.optional(
      v.pipe(
        v.picklist(["middleware", "fetch", "nuclio", "kubeless", "kyma"]),
        v.description("The contract the function follows. Absent: found from what the module exports."),
      ),
    ),
    upstream: v.optional(upstream),
    readBufferSize: v.optional(
      v.pipe(
        byteCount(1024),
        v.description(
          "Longest header block of a request, in bytes; a longer one is answered with 431. The largest of all http triggers counts.",
        ),
      ),
      16_384,
    ),
    maxRequestBodySize: v.optional(
      v.pipe(
        byteCount(0),
        v.description(
          "Longest body of a request, in bytes; a longer one is answered with 400, where functions take bodies as they come (fetch, middleware) with 413. 0 is the default.",
        ),
      ),
      4_194_304,
    ),
    readTimeout: v.optional(
      v.pipe(
        duration(),
        v.description(
          "Longest time for the body of a request to arrive, where the function takes it whole; then the answer is 408. 0s: no limit.",
        ),
      ),
      "60s",
    ),
    idleTimeout: v.optional(
      v.pipe(
        duration(),
        v.check((ms) => ms <= 255_000, "must not be longer than 255s"),
        v.description(
          "Connections on which nothing is sent or received for this long are closed, at most 4s later, also while a function is at work. 0s: never.",
        ),
      ),
      "0s",
    ),
    drainDelay: drainDelay("Time to go on serving after SIGTERM while health already says the processor is not ready."),
    gracefulShutdownTimeout: gracefulShutdownTimeout("requests"),
    cors: v.optional(cors, {}),
    disablePortPublishing: withoutEffect(forPlatform),
    ingresses: withoutEffect(forPlatform),
    serviceType: withoutEffect(forPlatform),
    reduceMemoryUsage: withoutEffect("memory is not traded for speed here"),
    mode: withoutEffect("functions in JavaScript take several events at a time, others one an instance"),
    streamingFlushPeriod: withoutEffect("what a function streams is sent as it comes"),
  }),
  v.transform((written): HttpAttributes => ({
    hostname: written.host,
    port: written.port,
    tls: toTlsFiles(written.tls),
    http2: written.http2,
    contract: written.contract ?? null,
    upstream: written.upstream === undefined ? null : new URL(written.upstream).origin,
    maxHeaderBytes: written.readBufferSize,
    maxBodyBytes: written.maxRequestBodySize || 4_194_304,
    readTimeoutMs: written.readTimeout,
    idleTimeoutMs: written.idleTimeout,
    drainDelayMs: written.drainDelay,
    gracefulShutdownTimeoutMs: written.gracefulShutdownTimeout || 15_000,
    cors: written.cors.enabled
      ? {
          origins: written.cors.allowOrigins.map((origin) => origin.toLowerCase()),
          methods: written.cors.allowMethods.map((method) => method.toUpperCase()),
          headers: written.cors.allowHeaders,
          credentials: written.cors.allowCredentials,
          exposedHeaders: written.cors.exposeHeaders,
          preflightMaxAgeSeconds: written.cors.preflightMaxAgeSeconds,
        }
      : null,
  })),
);

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return (url.pathname === "/" || url.pathname === "") && url.search === "" && url.username === "";
}
