/** Options of the kinds that listen on a port. */
import * as v from "valibot";
import { duration, filePath, integer, port } from "./option-types.ts";

/** Absolute paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients must present a certificate signed by one of these; null: none is asked for. */
  readonly clientCaFile: string | null;
}

export function listenPort() {
  return v.pipe(port(), v.description("TCP port to listen on; 0 takes any free one."));
}

export function listenHost() {
  return v.optional(
    v.pipe(v.string(), v.nonEmpty("must not be empty"), v.description("Address to listen on.")),
    "0.0.0.0",
  );
}

/** @param description What serving TLS means for the kind. */
export function tlsFiles(description: string) {
  return v.pipe(
    v.object({
      cert: v.pipe(filePath("readable"), v.description("Certificate chain, PEM.")),
      key: v.pipe(filePath("readable"), v.description("Private key, PEM.")),
      clientCa: v.optional(
        v.pipe(
          filePath("readable"),
          v.description("Authorities of client certificates, PEM. With it a client without a valid one is refused."),
        ),
      ),
    }),
    v.description(description),
  );
}

export function toTlsFiles(written: v.InferOutput<ReturnType<typeof tlsFiles>> | undefined): TlsFiles | null {
  if (written === undefined) return null;
  return { certFile: written.cert, keyFile: written.key, clientCaFile: written.clientCa ?? null };
}

export function drainDelay(description: string) {
  return v.optional(v.pipe(duration(), v.description(description)), "0s");
}

/** Seconds or a duration; parsed to milliseconds, 0 where the default is meant. */
export function gracefulShutdownTimeout(unfinished: string) {
  return v.optional(
    v.pipe(
      v.union(
        [
          v.pipe(
            integer(0, 86_400),
            v.transform((seconds) => seconds * 1000),
          ),
          duration(),
        ],
        'must be a number of seconds or a duration such as "15s"',
      ),
      v.description(`Longest time to finish ${unfinished} after SIGTERM: seconds or a duration. 0 is the default.`),
    ),
    15,
  );
}
