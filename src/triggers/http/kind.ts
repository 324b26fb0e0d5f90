/** The trigger kind `http`: functions as APIs. */
import type { TriggerKind } from "../contract.ts";
import { type HttpAttributes, httpAttributes } from "./attributes.ts";
import { checkListenUrl, listenAddress } from "./listen-address.ts";

export const http: TriggerKind<HttpAttributes> = {
  kind: "http",
  attributes: httpAttributes,
  placement: "every-worker",
  checkUrl: checkListenUrl,
  listensOn(trigger) {
    const setting = `spec.triggers.${trigger.name}.${trigger.url === "" ? "attributes.port" : "url"}`;
    return { ...listenAddress(trigger), setting };
  },
};
