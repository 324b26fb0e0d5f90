/** What a user may write in the function's configuration: each option once, with its default and its description. */
import * as v from "valibot";
import { duration, integer, positiveDuration, withoutEffect } from "../triggers/option-types.ts";
import { whyNotServed } from "./runtime.ts";
import type { Schema } from "./schema-shape.ts";

const forPlatform = "it is for the platform that deploys the function";
const forKubernetes = "it is for Kubernetes";
const notYet = "this version does not use it";

export const logLevel = v.pipe(
  v.string(),
  v.regex(/^(debug|info|warn|warning|error)$/i, "must be debug, info, warn or error"),
);

const metadata = v.pipe(
  v.object({
    name: v.optional(v.pipe(v.string(), v.description("Name of the function, in logs and metrics.")), "processor"),
    namespace: v.optional(v.pipe(v.string(), v.description("Namespace of the function, in metrics.")), "default"),
    labels: v.optional(
      v.pipe(
        v.record(v.string(), v.string()),
        v.description("`nuclio.io/project-name` becomes the label `project` of the metrics."),
      ),
    ),
    annotations: v.optional(v.pipe(v.unknown(), v.description("Free notes."))),
  }),
  v.description("Who the function is."),
);

const env = v.pipe(
  v.array(
    v.object({
      name: v.pipe(v.string(), v.nonEmpty("must not be empty"), v.description("Name of the variable.")),
      value: v.optional(v.pipe(v.string(), v.description("Its value; `${` has no meaning here.")), ""),
      valueFrom: withoutEffect(forKubernetes),
    }),
  ),
  v.description("Environment variables of the function, set before it is loaded."),
);

const loggerSinks = v.pipe(
  v.array(
    v.object({
      level: v.optional(v.pipe(logLevel, v.description("debug, info, warn or error.")), "info"),
      sink: v.optional(v.pipe(v.string(), v.description("A name of `logger.sinks` of the platform file.")), ""),
    }),
  ),
  v.description("What is logged where. An entry without `sink` changes the level alone."),
);

const sourceCodeText =
  "The function itself, as text (`|`) or in base64, instead of a file; base64 may hold a zip or tar.gz. `${` has no meaning here.";

/** How the platform makes an image of a function; here only what is the function. */
const build = v.pipe(
  v.object({
    functionSourceCode: v.optional(v.pipe(v.string(), v.description(sourceCodeText)), ""),
    ...Object.fromEntries(
      [
        ["baseImage", "buildTimeoutSeconds", "builderServiceAccount", "codeEntryAttributes", "codeEntryType"],
        ["commands", "dependencies", "directives", "flags", "functionConfigPath", "image", "mode", "noBaseImagesPull"],
        ["noCache", "noCleanup", "nodeSelector", "offline", "onbuildImage", "path", "registry", "runtimeAttributes"],
        ["scriptPath", "tempDir", "timestamp"],
      ]
        .flat()
        .map((key) => [key, withoutEffect(forPlatform)]),
    ),
  }),
  v.description("What the function is built from."),
);

const platformFields = Object.fromEntries(
  [
    ["alias", "avatar", "customScalingMetricSpecs", "autoScaleMetrics", "disable", "image", "imageHash"],
    ["imagePullPolicy", "maxReplicas", "minReplicas", "platform", "publish", "readinessTimeoutSeconds", "replicas"],
    ["runRegistry", "scaleToZero", "serviceType", "targetCPU", "waitReadinessTimeoutBeforeFailure"],
  ]
    .flat()
    .map((key) => [key, withoutEffect(forPlatform)]),
);

const kubernetesFields = Object.fromEntries(
  [
    [
      "affinity",
      "deploymentStrategy",
      "devices",
      "enableServiceLinks",
      "envFrom",
      "imagePullSecrets",
      "initContainers",
    ],
    ["nodeName", "nodeSelector", "podAnnotations", "podLabels", "preemptionMode", "preemptionPolicy"],
    ["priorityClassName", "resources", "securityContext", "serviceAccount", "sidecars", "tolerations", "volumes"],
  ]
    .flat()
    .map((key) => [key, withoutEffect(forKubernetes)]),
);

const unusedFields = Object.fromEntries(
  ["dataBindings", "dealerURI", "disableDefaultHTTPTrigger", "disableSensitiveFieldsMasking", "runtimeAttributes"].map(
    (key) => [key, withoutEffect(notYet)],
  ),
);

const spec = v.pipe(
  v.object({
    handler: v.optional(
      v.pipe(
        v.string(),
        v.description(
          "The function: a file, or `file:export`. Looked for beside this file, then in `NUCLIO_HANDLER_DIR` (/opt/nuclio).",
        ),
      ),
      "",
    ),
    runtime: v.optional(
      v.pipe(
        v.string(),
        v.rawCheck(({ dataset, addIssue }) => {
          const reason = dataset.typed ? whyNotServed(dataset.value) : null;
          if (reason !== null) addIssue({ message: reason });
        }),
        v.description("The contract the function follows: `nodejs` is Nuclio's. Absent: found from its exports."),
      ),
      "",
    ),
    description: v.optional(v.pipe(v.string(), v.description("What the function does."))),
    version: v.optional(v.pipe(v.number(), v.description("Version of the function."))),
    env: v.optional(env, []),
    triggers: v.optional(
      v.pipe(
        v.unknown(),
        v.metadata({ title: "map" }),
        v.description("What calls the function: a name for each trigger, and below it the trigger."),
      ),
    ),
    eventTimeout: v.optional(
      v.pipe(positiveDuration(), v.description("Longest time one event may take. Absent: no limit.")),
    ),
    hangTimeout: v.optional(
      v.pipe(
        positiveDuration(),
        v.description(
          "A worker whose thread gives no sign of life for this long is replaced by a fresh one. Absent: 2s; with jobs alone, no limit.",
        ),
      ),
    ),
    loggerSinks: v.optional(loggerSinks, []),
    build: v.optional(build, {}),
    ...platformFields,
    ...kubernetesFields,
    ...unusedFields,
  }),
  v.description("The function and its triggers."),
);

export const functionSchema = v.object({
  apiVersion: v.optional(v.pipe(v.string(), v.description("`nuclio.io/v1`; not checked."))),
  kind: v.optional(v.pipe(v.string(), v.description("`NuclioFunction`; not checked."))),
  metadata: v.optional(metadata, {}),
  spec: v.optional(spec, {}),
  status: withoutEffect(forPlatform),
});

export type FunctionDocument = v.InferOutput<typeof functionSchema>;

const maxWorkersText = "The number of workers under its older name; `numWorkers` wins.";

/** What every trigger has, whatever its kind. */
const triggerEntries = {
  class: v.optional(v.pipe(v.string(), v.description("Follows from the kind; not checked."))),
  name: v.optional(v.pipe(v.string(), v.description("The key above names the trigger; not checked."))),
  disabled: v.optional(v.pipe(v.boolean(), v.description("true: the trigger is not opened.")), false),
  numWorkers: v.optional(
    v.pipe(integer(0, 256), v.description("Worker threads, each with its own copy of the function. 0 is 1.")),
    0,
  ),
  maxWorkers: v.optional(v.pipe(integer(0, 256), v.description(maxWorkersText)), 0),
  workerAvailabilityTimeoutMilliseconds: v.optional(
    v.pipe(integer(-1), v.description("Longest wait for a free worker, in ms; 0 does not wait, -1 is the default.")),
    10_000,
  ),
  workerTerminationTimeout: v.optional(
    v.pipe(duration(), v.description("Time a Python worker has to end by itself; not used by JavaScript.")),
    "10s",
  ),
  annotations: v.optional(v.pipe(v.unknown(), v.description("Free notes."))),
  async: withoutEffect(notYet),
  batch: withoutEffect(notYet),
  explicitAckMode: withoutEffect("no trigger of this version acknowledges"),
  mode: withoutEffect(notYet),
  partitions: withoutEffect(notYet),
  password: withoutEffect(notYet),
  paths: withoutEffect(notYet),
  secret: withoutEffect(notYet),
  username: withoutEffect(notYet),
  waitExplicitAckDuringRebalanceTimeout: withoutEffect("no trigger of this version acknowledges"),
  workerAllocatorName: withoutEffect("every trigger has workers of its own"),
};

/** What is wrong with a trigger's url, completing "url …"; null: nothing. */
export type UrlCheck = (url: string) => string | null;

/** One entry of `spec.triggers` of a kind with these attributes. */
export function triggerSchema(kinds: readonly string[], attributes: Schema, checkUrl: UrlCheck = () => null) {
  const url = v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const reason = dataset.typed ? checkUrl(dataset.value) : null;
      if (reason !== null) addIssue({ message: reason });
    }),
    v.description("Where the trigger listens or connects to, for kinds that use it."),
  );
  return v.object({
    kind: v.pipe(v.picklist(kinds), v.description(`The kind of the trigger: ${kinds.join(", ")}.`)),
    ...triggerEntries,
    url: v.optional(url, ""),
    attributes: v.optional(attributes, {}),
  });
}
