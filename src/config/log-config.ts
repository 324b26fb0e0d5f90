/** Level and format of the log, from `spec.loggerSinks` and the platform's `logger`. */
import { placeAt } from "./config-node.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ConfigProblem, LogConfig, LogLevel } from "./contract.ts";
import { nearest } from "./did-you-mean.ts";
import type { PlatformDocument } from "./platform-schema.ts";
import type { FunctionDocument } from "./schema.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

interface Route {
  readonly level: string;
  readonly sink: string;
  /** Where the route is written, for a sink that does not exist. */
  readonly path: readonly string[];
  readonly root: ConfigNode | null;
}

export interface ConfigRoots {
  readonly functionRoot: ConfigNode | null;
  readonly platformRoot: ConfigNode | null;
  readonly fallback: Place;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** There is one log, on standard output: of several routes to it the most talkative counts. */
export function logConfig(
  own: FunctionDocument["spec"]["loggerSinks"],
  logger: PlatformDocument["logger"],
  { functionRoot, platformRoot, fallback }: ConfigRoots,
  problems: ConfigProblem[],
): LogConfig {
  const sinks = Object.keys(logger.sinks).length === 0 ? { stdout: { kind: "stdout", attributes: {} } } : logger.sinks;
  const platformRoutes = logger.functions.map((route, index): Route => ({
    ...route,
    root: platformRoot,
    path: ["logger", "functions", String(index), "sink"],
  }));
  const defaultSink = platformRoutes[0]?.sink ?? Object.keys(sinks)[0] ?? "stdout";
  const ownRoutes = own.map((route, index): Route => {
    const path = ["spec", "loggerSinks", String(index), "sink"];
    return { level: route.level, sink: route.sink || defaultSink, root: functionRoot, path };
  });
  const routes = ownRoutes.length > 0 ? ownRoutes : platformRoutes;
  const used = new Map(Object.entries(sinks));
  let level: LogLevel = routes.length === 0 ? "info" : "error";
  let format: LogConfig["format"] = routes.length === 0 ? encodingOf(used.get(defaultSink)) : "auto";
  for (const route of routes) {
    const sink = used.get(route.sink);
    const place = placeAt(route.root, route.path, fallback);
    const path = route.path.join(".");
    if (sink === undefined) {
      const names = [...used.keys()];
      const near = nearest(route.sink, names);
      const mend = near === null ? `known are: ${names.join(", ")}` : `did you mean "${near}"?`;
      problems.push(
        makeProblem("error", "unknown-sink", path, `There is no such sink in \`logger.sinks\` - ${mend}`, place),
      );
      continue;
    }
    if (sink.kind !== "stdout") {
      const message = `A log sink of kind ${sink.kind} has no effect here: logs go to standard output`;
      problems.push(makeProblem("warning", "no-effect", path, message, place));
    }
    const wanted = parseLevel(route.level);
    if (levels.indexOf(wanted) <= levels.indexOf(level)) level = wanted;
    format = encodingOf(sink) === "auto" ? format : encodingOf(sink);
  }
  return { level, format };
}

function parseLevel(text: string): LogLevel {
  const lower = text.toLowerCase();
  return levels.find((level) => level === lower) ?? "warn";
}

function encodingOf(
  sink: { readonly attributes: { readonly encoding?: "console" | "json" } } | undefined,
): LogConfig["format"] {
  return sink?.attributes.encoding ?? "auto";
}
