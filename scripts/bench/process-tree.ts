/** CPU time and memory of a process and all its descendants, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** Both in one reading, so that they belong together. */
export interface TreeUsage {
  /** User and system time since the processes began, those that ended included; the kernel counts in steps of 10 ms. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

const ticksPerSecond = 100;
const pageBytes = 4096;

/**
 * CPU time of everything on the machine but this process and its descendants, in seconds, with what a hypervisor gave to
 * other machines (proc_stat(5): user, nice, system, irq, softirq, steal).
 */
export function readOthersCpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "latin1")
    .split(/\s+/, 9)
    .map(Number);
  const ticks = [user, nice, system, irq, softirq, steal].reduce((sum: number, value) => sum + (value ?? 0), 0);
  return ticks / ticksPerSecond - readTreeUsage(process.pid).cpuSeconds;
}

interface ProcessStat {
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

/** Reads the whole table: a process that ends meanwhile counts as gone. */
export function readTreeUsage(root: number): TreeUsage {
  const table = readProcessTable();
  let ticks = 0;
  let pages = 0;
  for (const [pid, stat] of table) {
    if (!descends(pid, root, table)) continue;
    ticks += stat.ticks;
    pages += stat.pages;
  }
  return { cpuSeconds: ticks / ticksPerSecond, rssBytes: pages * pageBytes };
}

function readProcessTable(): Map<number, ProcessStat> {
  const table = new Map<number, ProcessStat>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat !== null) table.set(pid, stat);
  }
  return table;
}

/** Fields of proc_pid_stat(5), counted after the command name, which may hold spaces and parentheses. */
function readStat(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null; // ended between listing and reading
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // With the time of the children that ended and were waited for.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), ticks, pages: Number(fields[21]) };
}

function descends(pid: number, root: number, table: ReadonlyMap<number, ProcessStat>): boolean {
  let current = pid;
  while (current !== root) {
    const stat = table.get(current);
    if (stat === undefined || stat.parent === current) return false;
    current = stat.parent;
  }
  return true;
}
