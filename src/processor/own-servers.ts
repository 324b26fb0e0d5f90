/** The processor's own HTTP servers: health first, so that probes are answered while the rest starts. */
import type { ProcessorConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import type { MetricsText } from "../telemetry/prometheus.ts";
import { openAdminServer } from "./admin-server.ts";
import { openHealthServer } from "./health-server.ts";
import { openMetricsServer } from "./metrics-server.ts";
import type { TriggerStats } from "./trigger-stats.ts";

export interface OwnServersOptions {
  readonly config: ProcessorConfig;
  /** Whether a busy port ends the start, although nobody asked for that port. */
  readonly required: boolean;
  readonly log: Logger;
  whyNotReady(): string | null;
  status(): object;
  stats(trigger: string): Promise<TriggerStats>;
  renderMetrics(): Promise<MetricsText>;
}

/** Addresses of those that listen, by name. Throws a `StartError` for a busy port. */
export function openOwnServers(options: OwnServersOptions): ReadonlyMap<string, string> {
  const { config, required, log } = options;
  const { health, admin, metrics } = config.platform;
  const servers = {
    health: openHealthServer({ listen: health, required, log, whyNotReady: options.whyNotReady }),
    admin: openAdminServer({
      listen: admin,
      required,
      log,
      triggers: config.triggers,
      status: options.status,
      stats: options.stats,
    }),
    metrics: openMetricsServer({ listen: metrics, required, log, render: options.renderMetrics }),
  };
  const entries = Object.entries(servers);
  return new Map(entries.flatMap(([name, { address }]) => (address === null ? [] : [[name, address]])));
}
