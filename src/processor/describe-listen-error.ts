/** Why a port cannot be listened on, in words for the user. */

export interface ListenFailure {
  /** Stable, e.g. "EADDRINUSE". */
  readonly code: string;
  /** Completes "the … port 8082 …". */
  readonly reason: string;
}

export function describeListenError(error: unknown, hostname: string): ListenFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
  switch (code) {
    case "EADDRINUSE":
      return { code, reason: "is in use by another process" };
    case "EACCES":
      return { code, reason: "may not be opened by this user: choose one above 1023" };
    case "EADDRNOTAVAIL":
      return { code, reason: `cannot be opened: ${hostname} is no address of this machine` };
    default:
      return { code, reason: `cannot be opened on ${hostname}: ${error instanceof Error ? error.message : code}` };
  }
}
