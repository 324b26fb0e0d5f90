/** A trigger's configuration as the admin server shows it: nothing that opens a door. */
import type { OpenTriggerConfig } from "../triggers/contract.ts";

const hidden = "[hidden]";
const secretName = /pass(word|wd|phrase)?$|secret|token|credential|api-?key|private|^key$|^keyFile$|^sasl$/iu;
const userInUrl = /(?<scheme>[a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/giu;

/** In the shape of Nuclio's processor: `class`, `kind`, `name`, `numWorkers`, `url`, `attributes`. */
export function describeTrigger(trigger: OpenTriggerConfig): Record<string, unknown> {
  return {
    class: trigger.kind === "http" || trigger.kind === "extproc" ? "sync" : "async",
    kind: trigger.kind,
    name: trigger.name,
    numWorkers: trigger.numWorkers,
    url: hideSecrets(trigger.url),
    workerAvailabilityTimeoutMilliseconds: trigger.workerAvailabilityTimeoutMs,
    attributes: hideSecrets(trigger.attributes),
  };
}

function hideSecrets(value: unknown): unknown {
  if (typeof value === "string") {
    return value.includes("-----BEGIN ") ? hidden : value.replace(userInUrl, `$<scheme>${hidden}@`);
  }
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      secretName.test(name) && member !== null ? hidden : hideSecrets(member),
    ]),
  );
}
