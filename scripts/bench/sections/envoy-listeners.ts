/** One Envoy with a listener for each server, so that all are reached through the same process. */
import { type Envoy, type ListenerOptions, startEnvoy } from "../../../test/support/envoy.ts";
import type { RunningServer } from "../servers.ts";
import type { Workload } from "../workloads.ts";

export interface EnvoyListeners {
  readonly envoy: Envoy<string>;
  portOf(server: RunningServer): number;
  /** How many connections Envoy has opened to the server so far: more than one means that the server ended some. */
  connectionsTo(server: RunningServer): Promise<number>;
}

export async function listenForServers(
  servers: readonly RunningServer[],
  workload: Workload,
  upstreamPort: number,
): Promise<EnvoyListeners> {
  const listeners: Record<string, ListenerOptions> = {};
  for (const server of servers) {
    listeners[listenerName(server)] = {
      processors: [server.port],
      processingMode: workload.processingMode,
      filter: { allow_mode_override: false },
    };
  }
  const envoy = await startEnvoy({ version: "1.40.0", upstreamPort, listeners });
  return {
    envoy,
    portOf(server) {
      const port = envoy.ports[listenerName(server)];
      if (port === undefined) throw new Error(`no listener for ${server.name}`);
      return port;
    },
    async connectionsTo(server) {
      const counters = await envoy.stats(`^cluster\\.${listenerName(server)}-processor\\.upstream_cx_total$`);
      return Object.values(counters)[0] ?? Number.NaN;
    },
  };
}

function listenerName(server: RunningServer): string {
  return server.name.replaceAll(" ", "-");
}
