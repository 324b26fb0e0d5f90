/** What a user may write in the platform's configuration: the processor's own ports, its logs and its metrics. */
import * as v from "valibot";
import { withoutEffect } from "../triggers/option-types.ts";
import { logLevel } from "./schema.ts";

export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

const forDashboard = "it is for the platform's controller and dashboard";
const unusedSink = "a sink of kind stdout logs to standard output";

/** ":8081", "127.0.0.1:8081", "[::1]:8081"; without a host all of IPv4. null: none of these. */
export function parseListenAddress(text: string): ListenAddress | null {
  const match = /^(\[[0-9a-fA-F:.%]+\]|[^:[\]\s/]*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) return null;
  return { hostname: match[1]?.replace(/^\[|\]$/g, "") || "0.0.0.0", port };
}

export const listenAddressMend = 'must be an address such as ":8081" or "127.0.0.1:8081"';

function listenAddress(description: string) {
  return v.pipe(
    v.string(),
    v.description(description),
    v.rawTransform(({ dataset, addIssue, NEVER }): ListenAddress => {
      const address = parseListenAddress(dataset.value);
      if (address !== null) return address;
      addIssue({ message: listenAddressMend });
      return NEVER;
    }),
  );
}

function server(what: string, defaultAddress: string) {
  return v.pipe(
    v.object({
      enabled: v.optional(v.pipe(v.boolean(), v.description(`Whether to serve ${what}.`)), true),
      listenAddress: v.optional(
        listenAddress(
          `Where to serve ${what}, \`host:port\`; port 0 takes any free one. Default: \`${defaultAddress}\`.`,
        ),
      ),
    }),
    v.description(`Serves ${what}.`),
  );
}

const logSink = v.object({
  kind: v.pipe(
    v.picklist(["stdout", "appinsights", "elasticsearch"]),
    v.description("`stdout`; others have no effect here."),
  ),
  url: withoutEffect(unusedSink),
  attributes: v.optional(
    v.object({
      encoding: v.optional(
        v.pipe(
          v.picklist(["console", "json"]),
          v.description("Readable lines or one JSON object a line. Absent: readable on a terminal, else JSON."),
        ),
      ),
      timeFieldName: withoutEffect("lines have the field `time`"),
      timeFieldEncoding: withoutEffect("times are ms since 1970 in JSON"),
      varGroupName: withoutEffect("fields stand at the top of a line"),
      varGroupMode: withoutEffect("fields stand at the top of a line"),
    }),
    {},
  ),
});

const logRoute = v.object({
  level: v.optional(v.pipe(logLevel, v.description("debug, info, warn or error.")), "info"),
  sink: v.optional(v.pipe(v.string(), v.description("A name of `logger.sinks`.")), "stdout"),
});

const metricSink = v.object({
  kind: v.pipe(
    v.picklist(["prometheusPull", "prometheusPush", "appinsights"]),
    v.description("`prometheusPull`; others have no effect here."),
  ),
  enabled: v.optional(v.pipe(v.boolean(), v.description("false: the sink is not started.")), true),
  url: v.optional(v.pipe(v.string(), v.description("Where to serve the metrics, `host:port`. Default: `:8090`."))),
  attributes: v.optional(
    v.pipe(
      v.record(v.string(), v.unknown()),
      v.description("`instanceName`: label `instance` of every series, may hold `{{ .Namespace }}` and `{{ .Name }}`."),
    ),
    {},
  ),
});

export const platformSchema = v.object({
  webAdmin: v.optional(server("the admin pages", ":8081"), {}),
  healthCheck: v.optional(server("`/live` and `/ready`", ":8082"), {}),
  logger: v.optional(
    v.pipe(
      v.object({
        sinks: v.optional(v.pipe(v.record(v.string(), logSink), v.description("Where logs can go, by name.")), {}),
        functions: v.optional(v.pipe(v.array(logRoute), v.description("What of the function's logs goes where.")), []),
        system: withoutEffect("the processor logs by `logger.functions`"),
      }),
      v.description("Logging. `spec.loggerSinks` of the function goes before it."),
    ),
    {},
  ),
  metrics: v.optional(
    v.pipe(
      v.object({
        enabled: v.optional(v.pipe(v.boolean(), v.description("Whether to serve metrics.")), true),
        listenAddress: v.optional(
          listenAddress("Where to serve the metrics, `host:port`, unless a sink says so. Default: `:8090`."),
        ),
        sinks: v.optional(
          v.pipe(v.record(v.string(), metricSink), v.description("Where metrics can go, by name.")),
          {},
        ),
        functions: v.optional(v.pipe(v.array(v.string()), v.description("Names of the sinks to start.")), []),
        system: withoutEffect(forDashboard),
      }),
      v.description("Metrics in the Prometheus text format, on by default."),
    ),
    {},
  ),
  kind: withoutEffect("what runs the processor is found from its environment"),
  cronTriggerCreationMode: v.optional(
    v.pipe(
      v.picklist(["processor", "kube"]),
      v.description(
        "`kube`: in Kubernetes the platform makes CronJobs of cron triggers, and they are not opened here.",
      ),
    ),
    "processor",
  ),
  disableDefaultHTTPTrigger: withoutEffect("this version adds no http trigger"),
  functionReadinessTimeout: withoutEffect(forDashboard),
  functionInvocationTimeout: withoutEffect(forDashboard),
  functionAugmentedConfigs: withoutEffect(forDashboard),
  imageRegistryOverrides: withoutEffect(forDashboard),
  ingressConfig: withoutEffect(forDashboard),
  kube: withoutEffect(forDashboard),
  local: withoutEffect(forDashboard),
  managedNamespaces: withoutEffect(forDashboard),
  opa: withoutEffect(forDashboard),
  projectsLeader: withoutEffect(forDashboard),
  runtime: withoutEffect(forDashboard),
  scaleToZero: withoutEffect(forDashboard),
  sensitiveFields: withoutEffect(forDashboard),
  autoScale: withoutEffect(forDashboard),
  iguazioSessionVerificationEndpoint: withoutEffect(forDashboard),
  streamMonitoring: withoutEffect(forDashboard),
  supportedPlatformKinds: withoutEffect(forDashboard),
});

export type PlatformDocument = v.InferOutput<typeof platformSchema>;
