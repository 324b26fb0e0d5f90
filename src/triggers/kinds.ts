/** The list of kinds: adding one to `processor` is a folder below `triggers/`, a line here and one in openers.ts. */
import type { TriggerKind } from "./contract.ts";
import { cron } from "./cron/kind.ts";
import { extproc } from "./extproc/kind.ts";
import { http } from "./http/kind.ts";
import { job } from "./job/kind.ts";

export const triggerKinds: readonly TriggerKind[] = [
  extproc as TriggerKind,
  http as TriggerKind,
  job as TriggerKind,
  cron as TriggerKind,
];
