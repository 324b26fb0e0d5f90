/** The module `sdk` that functions of Kyma's newer runtimes import: what the event carries in the older ones. */
import type { Tracer } from "@opentelemetry/api";
import type { EventRequest } from "../express-like/request.ts";
import { CloudEventError, readCloudEvent } from "./cloud-event.ts";
import { contentTypeOf, makeCloudEvent, type PublishResponse } from "./publish.ts";
import type { KymaSurroundings } from "./surroundings.ts";

/** To be called before the function is loaded. A package of that name beside the function is not looked at. */
export function provideSdk(): void {
  if (isProvided) return;
  isProvided = true;
  Bun.plugin({
    name: "kyma-sdk",
    setup: (build) => void build.module("sdk", () => ({ exports: sdk, loader: "object" })),
  });
}

/** What the module's functions give from now on. */
export function configureSdk(configured: KymaSurroundings): void {
  state = configured;
}

let isProvided = false;
let state: KymaSurroundings | null = null;

const sdk = {
  getTracer: (): Tracer => known().tracer,
  /** Null for a request that is none. */
  getCloudEvent(request: EventRequest): object | null {
    try {
      const event = readCloudEvent(request);
      return event === null ? null : { ...event.attributes, data: event.data };
    } catch (error) {
      if (error instanceof CloudEventError) return null;
      throw error;
    }
  },
  emitCloudEvent(type: string, source: string, data: unknown, attributes: object = {}): Promise<PublishResponse> {
    const given = { datacontenttype: contentTypeOf(data) ?? "text/plain", ...attributes };
    return known().publish(makeCloudEvent(type, source, data, given), "application/cloudevents+json; charset=utf-8");
  },
  getFunctionName: (): string => known().functionName,
  getNamespace: (): string => known().namespace,
  getRuntime: (): string => known().runtime ?? "",
  /** In seconds. */
  getTimeout: (): number => known().timeoutSeconds,
  /** In MB. */
  getBodySizeLimit: (): number => known().bodyLimitMegabytes,
};

function known(): KymaSurroundings {
  if (state === null) throw new Error("sdk can be used once the function is loaded, not while it is");
  return state;
}
