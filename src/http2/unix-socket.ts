/** What a unix socket's path needs before and after it is listened on. */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";

/** The name as the system wants it. Linux's abstract sockets, without a file, are written with a leading "@", as Envoy writes them. */
export function socketName(path: string): string {
  return isAbstract(path) ? `\0${path.slice(1)}` : path;
}

/** Removes a socket that a dead server left behind. Throws EADDRINUSE when somebody listens there, EEXIST for other files. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (isAbstract(path)) return;
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  if (!file.isSocket()) throw systemError("EEXIST", `${path} exists and is no socket`);
  if (await isListening(path)) throw systemError("EADDRINUSE", `${path} is in use by another server`);
  unlinkSync(path);
}

export function setSocketMode(path: string, mode: number): void {
  if (!isAbstract(path)) chmodSync(path, mode);
}

function isAbstract(path: string): boolean {
  return path.startsWith("@");
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

async function isListening(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {}, error() {} } });
    socket.terminate();
    return true;
  } catch {
    // Whoever does not accept a connection does not serve.
    return false;
  }
}
