/** The trigger kind `extproc`: an Envoy external processor (`envoy.service.ext_proc.v3.ExternalProcessor`). */
import type { TriggerKind } from "../contract.ts";
import { type ExtprocAttributes, extprocAttributes } from "./attributes.ts";

export const extproc: TriggerKind<ExtprocAttributes> = {
  kind: "extproc",
  attributes: extprocAttributes,
  placement: "every-worker",
  listensOn({ name, attributes: { listen } }) {
    if (listen.kind === "unix") return null;
    const { hostname, port } = listen;
    return { hostname, port, setting: `spec.triggers.${name}.attributes.port` };
  },
};
