/** A Nuclio handler as the Digital Hub type its trigger names. */
import type { NuclioFunction } from "../../../function/nuclio/open.ts";
import type { ExtprocAttributes } from "../attributes.ts";
import type { DigitalHubFunction, ObserverEvents } from "./contract.ts";
import { createObserver } from "./observer.ts";
import { createProcessor } from "./processor.ts";

/** Longest time of one observer where no `timeout` is configured: no timer of Envoy's bounds it. */
const OBSERVER_TIMEOUT_MS = 60_000;

/** @param functionName `metadata.name`: what `updateExtProcHeader` adds to the response. */
export function createDigitalHubFunction(
  handler: NuclioFunction,
  settings: ExtprocAttributes & { readonly type: NonNullable<ExtprocAttributes["type"]> },
  functionName: string,
  events: ObserverEvents,
): DigitalHubFunction {
  const { type, maxPending, timeoutMs, processing } = settings;
  const { bufferStreamedBodies, updateExtProcHeader, updateDurationHeader } = processing;
  if (type === "observeprocessor") {
    const options = { bufferStreamedBodies, maxPending, timeoutMs: timeoutMs ?? OBSERVER_TIMEOUT_MS };
    return { kind: "observer", observer: createObserver(handler, options, events) };
  }
  const announcedName = updateExtProcHeader ? functionName : null;
  const options = { bufferStreamedBodies, announcedName, updateDurationHeader };
  return { kind: "processor", run: createProcessor(type, handler, options) };
}
