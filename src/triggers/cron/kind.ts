/** The trigger kind `cron`: calls the function with an event of the configuration whenever it is due. */
import type { TriggerKind } from "../contract.ts";
import { type CronAttributes, cronAttributes } from "./attributes.ts";

export const cron: TriggerKind<CronAttributes> = {
  kind: "cron",
  attributes: cronAttributes,
  placement: "one-worker",
};
