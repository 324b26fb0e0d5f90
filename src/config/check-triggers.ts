/** Checks `spec.triggers`: every trigger against the common options and the attributes of its kind. */
import * as v from "valibot";
import type { OpenTriggerConfig, TriggerKind } from "../triggers/contract.ts";
import { checkNode } from "./check-node.ts";
import type { CheckContext } from "./check-node.ts";
import { child, isNull } from "./config-node.ts";
import type { ConfigEntry, ConfigNode } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { triggerSchema } from "./schema.ts";
import { joinPath, makeProblem } from "./source-text.ts";

/** Kinds of the reference and of its relatives that this version does not serve. */
const knownElsewhere: ReadonlySet<string> = new Set([
  "eventhub",
  "iotCoreMqtt",
  "kafka",
  "kafka-cluster",
  "kickstart",
  "kinesis",
  "mjpeg",
  "mqtt",
  "nats",
  "openinference",
  "pubsub",
  "rabbit-mq",
  "rabbitMq",
  "rtsp",
  "v3ioItemPoller",
  "v3ioStream",
  "websocket",
]);

/** The triggers to open. Those with errors are missing in it, and their errors are among the problems. */
export function checkTriggers(
  triggers: ConfigNode | null,
  kinds: readonly TriggerKind[],
  context: CheckContext,
  problems: ConfigProblem[],
): readonly OpenTriggerConfig[] {
  if (triggers === null || isNull(triggers)) return [];
  if (triggers.kind !== "map") {
    const message = '"triggers" must be a map: a name for each trigger, and below it the trigger';
    problems.push(makeProblem("error", "wrong-type", context.path, message, context.place));
    return [];
  }
  return triggers.entries.flatMap((entry) => {
    const path = joinPath(context.path, entry.key);
    const trigger = checkTrigger(entry, kinds, { ...context, path, place: entry.place }, problems);
    return trigger === null ? [] : [trigger];
  });
}

function checkTrigger(
  entry: ConfigEntry,
  kinds: readonly TriggerKind[],
  context: CheckContext,
  problems: ConfigProblem[],
): OpenTriggerConfig | null {
  const supported = kinds.map((kind) => kind.kind);
  const named = child(entry.value, "kind")?.value ?? null;
  const written = named?.kind === "scalar" ? named.text : "";
  const kind = kinds.find((candidate) => candidate.kind === written);
  const elsewhere = named !== null && kind === undefined && knownElsewhere.has(written);
  if (elsewhere) {
    const message = `The trigger kind "${written}" is known, but this version does not serve it. It serves: ${supported.join(", ")}`;
    problems.push(makeProblem("error", "unsupported-kind", joinPath(context.path, "kind"), message, named.place));
  }
  const allowed = elsewhere ? [written] : supported;
  const schema = triggerSchema(allowed, kind?.attributes ?? v.unknown(), kind?.checkUrl);
  const checked = checkNode(entry.value, schema, context, problems);
  if (checked === undefined || elsewhere || checked.disabled) return null;
  return {
    name: entry.key,
    kind: checked.kind,
    url: checked.url,
    numWorkers: checked.numWorkers || checked.maxWorkers || 1,
    workerAvailabilityTimeoutMs:
      checked.workerAvailabilityTimeoutMilliseconds < 0 ? 10_000 : checked.workerAvailabilityTimeoutMilliseconds,
    workerTerminationTimeoutMs: checked.workerTerminationTimeout,
    attributes: checked.attributes,
  };
}
