/** The trigger kind `job`: calls the function once with an event of the configuration; then the process ends. */
import type { TriggerKind } from "../contract.ts";
import { type JobAttributes, jobAttributes } from "./attributes.ts";

export const job: TriggerKind<JobAttributes> = {
  kind: "job",
  attributes: jobAttributes,
  placement: "one-worker",
  plan({ attributes: { retries, resultFile } }) {
    return {
      maxRetries: retries.max,
      backOffMs: retries.backOffMs,
      maxBackOffMs: retries.maxBackOffMs,
      resultFile,
    };
  },
};
