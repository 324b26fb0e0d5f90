/** `/metrics` in the text format of Prometheus. */
import type { ListenConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import type { MetricsText } from "../telemetry/prometheus.ts";
import { type HttpPort, openHttpPort, refuseOtherThanGet } from "./http-port.ts";

export interface MetricsServerOptions {
  readonly listen: ListenConfig;
  readonly required: boolean;
  readonly log: Logger;
  render(): Promise<MetricsText>;
}

export function openMetricsServer(options: MetricsServerOptions): HttpPort {
  return openHttpPort({
    ...options,
    name: "metrics",
    setting: "metrics.sinks",
    async handle(request, url) {
      if (url.pathname !== "/metrics") return new Response(null, { status: 404 });
      const refusal = refuseOtherThanGet(request);
      if (refusal !== null) return refusal;
      const { contentType, text } = await options.render();
      return new Response(text, { headers: { "content-type": contentType } });
    },
  });
}
