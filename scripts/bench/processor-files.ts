/** The configuration of an executable that is measured: as in use, on ports that let several run. */
import { join } from "node:path";
import { freePorts } from "../../test/support/ports.ts";
import type { Bench } from "./bench.ts";

/** Writes it and returns the command that runs it. Health checks and metrics are served. */
export async function prepareProcessor(
  { executable, scratch }: Bench,
  name: string,
  spec: object,
): Promise<readonly string[]> {
  const config = join(scratch, `${name}.yaml`);
  const platform = join(scratch, `${name}-platform.yaml`);
  // JSON is YAML.
  await Bun.write(config, JSON.stringify({ metadata: { name: "bench" }, spec }));
  await Bun.write(platform, JSON.stringify(platformConfig()));
  return [executable, "--config", config, "--platform-config", platform];
}

function platformConfig(): object {
  const [admin, health, metrics] = freePorts(3).map((port) => `127.0.0.1:${port}`);
  return {
    webAdmin: { enabled: true, listenAddress: admin },
    healthCheck: { enabled: true, listenAddress: health },
    metrics: {
      sinks: { pull: { kind: "prometheusPull", enabled: true, url: metrics } },
      functions: ["pull"],
    },
  };
}
