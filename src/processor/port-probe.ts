/**
 * Finds out whether a port is taken. Workers share their port among them (SO_REUSEPORT), and the kernel would let them
 * share it with another process of the same user just as well: traffic would go astray without an error.
 */
import type { ProcessorConfig } from "../config/contract.ts";
import type { TriggerKind, TriggerListenAddress } from "../triggers/contract.ts";
import { StartError } from "./start-error.ts";

/** Throws a `StartError` for the first trigger whose port another process, or another trigger, has. */
export function assertPortsFree(config: ProcessorConfig, kinds: readonly TriggerKind[]): void {
  const owners = new Map<string, string>();
  for (const trigger of config.triggers) {
    const kind = kinds.find((candidate) => candidate.kind === trigger.kind);
    const address = kind?.listensOn?.(trigger) ?? null;
    if (address === null || address.port === 0) continue;
    const key = `${address.hostname}:${address.port}`;
    const owner = owners.get(key);
    if (owner !== undefined) {
      const message = `triggers "${owner}" and "${trigger.name}" both listen on port ${address.port}`;
      throw new StartError({ code: "EADDRINUSE", setting: address.setting, message });
    }
    owners.set(key, trigger.name);
    assertPortFree(address, trigger.name);
  }
}

function assertPortFree({ hostname, port, setting }: TriggerListenAddress, trigger: string): void {
  try {
    Bun.listen({ hostname, port, socket: { data: () => undefined } }).stop(true);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
    const reason = code === "EADDRINUSE" ? "is in use by another process" : `cannot be opened (${code})`;
    throw new StartError({ code, setting, message: `port ${port} of trigger "${trigger}" ${reason}` });
  }
}
