/** The trigger kind `http`: functions as APIs. */
import type { OpenTriggerConfig, TriggerKind } from "../contract.ts";
import { type HttpAttributes, httpAttributes } from "./attributes.ts";
import { checkListenUrl, type ListenAddress, parseListenUrl } from "./listen-address.ts";

export const http: TriggerKind<HttpAttributes> = {
  kind: "http",
  attributes: httpAttributes,
  placement: "every-worker",
  checkUrl: checkListenUrl,
  listensOn(trigger) {
    const setting = `spec.triggers.${trigger.name}.${trigger.url === "" ? "attributes.port" : "url"}`;
    return { ...listenAddress(trigger), setting };
  },
  async open(trigger, host) {
    // Imported here: checking a configuration needs none of it.
    const { openHttp } = await import("./open.ts");
    return openHttp(trigger, listenAddress(trigger), host);
  },
};

function listenAddress({ url, attributes }: OpenTriggerConfig<HttpAttributes>): ListenAddress {
  const { hostname, port } = attributes;
  return parseListenUrl(url) ?? { hostname, port };
}
