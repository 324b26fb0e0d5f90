/** What a unix socket's path needs before and after it is listened on. */
import { chmodSync, unlinkSync } from "node:fs";

/** Linux's abstract sockets have no file; they are written with a leading "@", as Envoy writes them. */
export function isAbstract(path: string): boolean {
  return path.startsWith("@");
}

/** The name as the system wants it. */
export function socketName(path: string): string {
  return isAbstract(path) ? `\0${path.slice(1)}` : path;
}

/** Removes a file that a dead server left behind. Throws EADDRINUSE when somebody still listens there. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (isAbstract(path)) return;
  const outcome = await probe(path);
  if (outcome === "stale") unlinkSync(path);
  if (outcome === "alive") {
    throw Object.assign(new Error(`${path} is in use by another process`), { code: "EADDRINUSE" });
  }
}

export function setSocketMode(path: string, mode: number): void {
  if (!isAbstract(path)) chmodSync(path, mode);
}

async function probe(path: string): Promise<"absent" | "stale" | "alive"> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {}, error() {} } });
    socket.terminate();
    return "alive";
  } catch (error) {
    // A file that is no socket refuses too: listening on it then fails with the system's own message.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ECONNREFUSED" ? "stale" : "absent";
  }
}
