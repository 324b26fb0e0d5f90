/** Every limit of a server with its default. */
import type { Http2ServerOptions } from "./contract.ts";

/** The limits of `Http2ServerOptions`, all given. Sizes in bytes, times in milliseconds. */
export type ServerLimits = Readonly<Required<Omit<Http2ServerOptions, "address" | "tls" | "reusePort">>>;

const MIB = 1024 * 1024;

const DEFAULT_LIMITS: ServerLimits = {
  maxConcurrentStreams: 1024,
  streamWindowBytes: MIB / 2,
  connectionWindowBytes: MIB / 2,
  maxUnconsumedBytes: 16 * MIB,
  maxHeaderListBytes: 64 * 1024,
  prefaceTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  settingsTimeoutMs: 30_000,
  idleTimeoutMs: 3_900_000,
  stallTimeoutMs: 30_000,
  maxQueuedBytes: 4 * MIB,
};

export function resolveLimits(options: Http2ServerOptions): ServerLimits {
  return {
    maxConcurrentStreams: options.maxConcurrentStreams ?? DEFAULT_LIMITS.maxConcurrentStreams,
    streamWindowBytes: options.streamWindowBytes ?? DEFAULT_LIMITS.streamWindowBytes,
    connectionWindowBytes: options.connectionWindowBytes ?? DEFAULT_LIMITS.connectionWindowBytes,
    maxUnconsumedBytes: options.maxUnconsumedBytes ?? DEFAULT_LIMITS.maxUnconsumedBytes,
    maxHeaderListBytes: options.maxHeaderListBytes ?? DEFAULT_LIMITS.maxHeaderListBytes,
    prefaceTimeoutMs: options.prefaceTimeoutMs ?? DEFAULT_LIMITS.prefaceTimeoutMs,
    headersTimeoutMs: options.headersTimeoutMs ?? DEFAULT_LIMITS.headersTimeoutMs,
    settingsTimeoutMs: options.settingsTimeoutMs ?? DEFAULT_LIMITS.settingsTimeoutMs,
    idleTimeoutMs: options.idleTimeoutMs ?? DEFAULT_LIMITS.idleTimeoutMs,
    stallTimeoutMs: options.stallTimeoutMs ?? DEFAULT_LIMITS.stallTimeoutMs,
    maxQueuedBytes: options.maxQueuedBytes ?? DEFAULT_LIMITS.maxQueuedBytes,
  };
}
