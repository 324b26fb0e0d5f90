/**
 * How the triggers of each kind are opened. Apart from the list of kinds: a worker opens what was checked already, and its
 * memory, and what a collection costs it, is what it imports.
 */
import type { TriggerOpener } from "./contract.ts";

export const triggerOpeners: ReadonlyMap<string, TriggerOpener> = new Map([
  ["extproc", async (trigger, host) => (await import("./extproc/open.ts")).openExtproc(trigger, host)],
  ["http", async (trigger, host) => (await import("./http/open.ts")).openHttp(trigger, host)],
  ["job", async (trigger, host) => (await import("./job/open.ts")).openJob(trigger, host)],
  ["cron", async (trigger, host) => (await import("./cron/open.ts")).openCron(trigger, host)],
] satisfies [string, TriggerOpener<never>][] as [string, TriggerOpener][]);
