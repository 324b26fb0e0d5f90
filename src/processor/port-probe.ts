/**
 * Finds out whether a port is taken. Workers share their port among them (SO_REUSEPORT), and the kernel would let them
 * share it with another process of the same user just as well: traffic would go astray without an error.
 */
import type { ProcessorConfig } from "../config/contract.ts";
import type { TriggerKind, TriggerListenAddress } from "../triggers/contract.ts";
import { describeListenError } from "./describe-listen-error.ts";
import { StartError } from "./start-error.ts";

/** Throws a `StartError` for the first trigger whose port another process has. */
export function assertPortsFree(config: Pick<ProcessorConfig, "triggers">, kinds: readonly TriggerKind[]): void {
  for (const trigger of config.triggers) {
    const kind = kinds.find((candidate) => candidate.kind === trigger.kind);
    const address = kind?.listensOn?.(trigger) ?? null;
    if (address !== null && address.port !== 0) assertPortFree(address, trigger.name);
  }
}

function assertPortFree({ hostname, port, setting }: TriggerListenAddress, trigger: string): void {
  try {
    Bun.listen({ hostname, port, socket: { data: () => undefined } }).stop(true);
  } catch (error) {
    const { code, reason } = describeListenError(error, hostname);
    throw new StartError({ code, setting, message: `port ${port} of trigger "${trigger}" ${reason}` });
  }
}
