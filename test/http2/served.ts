/** Servers under attack are processes of their own, so that their memory can be watched from outside. */
import { readFileSync } from "node:fs";

export interface ConformanceServer {
  /** "host:port". */
  readonly target: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts h2spec-server.ts on a free port. */
export async function startConformanceServer(...args: readonly string[]): Promise<ConformanceServer> {
  const script = new URL("./h2spec-server.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, script, "0", ...args], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  const target = /listening on (\S+)/.exec(new TextDecoder().decode(value))?.[1];
  if (target === undefined) throw new Error("h2spec-server.ts did not start");
  return {
    target,
    pid: child.pid,
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

/** Resident memory of a process, from Linux's /proc. */
export function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}
