/** The options of `processor invoke` as a scenario. */
import type { JsonValue } from "../../function/contract.ts";
import { type CommandArguments, CommandError } from "../command.ts";
import { defaultEnvoyConfig } from "./envoy/defaults.ts";
import type { BodySendMode, EnvoyConfig, EnvoyVersion, HeaderField, HeaderSendMode } from "./envoy/model.ts";
import { readData, readFields, readPositive } from "./read-options.ts";
import type { MessageScript, Scenario } from "./scenario.ts";

export const defaultTimeoutMs = 5000;
export const defaultChunkBytes = 16_384;
const LONGEST_TIMEOUT_MS = 3_600_000;

const bodyModes: Readonly<Record<string, BodySendMode>> = {
  none: "NONE",
  buffered: "BUFFERED",
  "buffered-partial": "BUFFERED_PARTIAL",
  streamed: "STREAMED",
  "full-duplex": "FULL_DUPLEX_STREAMED",
};
export const bodyModeNames: readonly string[] = Object.keys(bodyModes);
const versions: readonly EnvoyVersion[] = ["1.36", "1.37", "1.40"];

/** @throws CommandError with exit code 2 that names the option that is wrong. */
export function readScenario(args: CommandArguments, cwd: string): Scenario {
  const request = readRequest(args, cwd);
  const response = readResponse(args, request, cwd);
  return {
    envoy: readEnvoy(args, request, response),
    request,
    response,
    chunkBytes: readPositive(args, "chunk-size", defaultChunkBytes),
    context: {
      attributes: Object.fromEntries(args.all("attribute").map((text) => splitPair("attribute", text))),
      metadata: Object.fromEntries(args.all("metadata").map(readMetadata)),
    },
  };
}

function readRequest(args: CommandArguments, cwd: string): MessageScript {
  const body = readData(args, "data", cwd);
  const method = args.option("method") ?? (body === null ? "GET" : "POST");
  const path = args.option("path") ?? "/";
  if (!path.startsWith("/") && path !== "*")
    throw new CommandError(`--path begins with "/", not as ${JSON.stringify(path)}`, 2);
  const fields: HeaderField[] = [
    [":method", method],
    [":scheme", args.option("scheme") ?? "http"],
    [":authority", args.option("authority") ?? "localhost"],
    [":path", path],
    ...readFields(args, "header"),
  ];
  return { fields, body, trailers: readTrailers(args, "trailer") };
}

function readResponse(args: CommandArguments, request: MessageScript, cwd: string): Scenario["response"] {
  const status = readPositive(args, "response-status", 200);
  if (status < 200 || status > 599) throw new CommandError("--response-status is a status from 200 to 599", 2);
  const fields = readFields(args, "response-header");
  if (args.has("echo")) {
    if (args.option("response-data") !== undefined) throw new CommandError("--echo or --response-data, not both", 2);
    return { status, echo: true, fields };
  }
  const body = readData(args, "response-data", cwd);
  const [, method] = request.fields[0] ?? [];
  const trailers = readTrailers(args, "response-trailer");
  const lines: HeaderField[] = [[":status", String(status)], ...fields];
  // The answer to HEAD says how long the body would be, and has none.
  if (method !== "HEAD" || body === null) return { fields: lines, body, trailers };
  return { fields: [...lines, ["content-length", String(body.length)]], body: null, trailers: null };
}

function readEnvoy(args: CommandArguments, request: MessageScript, response: Scenario["response"]): EnvoyConfig {
  const requestBodyMode = readBodyMode(args, "request-body-mode");
  const responseBodyMode = readBodyMode(args, "response-body-mode");
  const trailerMode = (mode: BodySendMode, trailers: unknown): HeaderSendMode =>
    mode === "FULL_DUPLEX_STREAMED" || trailers !== null ? "SEND" : "SKIP";
  const responseTrailers = "echo" in response ? request.trailers : response.trailers;
  return {
    ...defaultEnvoyConfig,
    version: readVersion(args),
    processingMode: {
      ...defaultEnvoyConfig.processingMode,
      requestBodyMode,
      responseBodyMode,
      requestTrailerMode: trailerMode(requestBodyMode, request.trailers),
      responseTrailerMode: trailerMode(responseBodyMode, responseTrailers),
    },
    sendBodyWithoutWaitingForHeaderResponse: args.has("send-body-without-waiting"),
    allowModeOverride: readBoolean(args, "allow-mode-override", true),
    failureModeAllow: args.has("failure-mode-allow"),
    observabilityMode: args.has("observability"),
    messageTimeoutMs: Math.min(readPositive(args, "timeout", defaultTimeoutMs), LONGEST_TIMEOUT_MS),
    maxMessageTimeoutMs: LONGEST_TIMEOUT_MS,
    bufferLimitBytes: readPositive(args, "buffer-limit", defaultEnvoyConfig.bufferLimitBytes),
  };
}

function readTrailers(args: CommandArguments, option: string): HeaderField[] | null {
  const fields = readFields(args, option);
  return fields.length === 0 ? null : fields;
}

function readBodyMode(args: CommandArguments, option: string): BodySendMode {
  const name = args.option(option) ?? "none";
  const known = bodyModes[name.toLowerCase()];
  const mode = known ?? Object.values(bodyModes).find((envoys) => envoys === name.toUpperCase());
  if (mode === undefined) throw new CommandError(`--${option} is one of ${bodyModeNames.join(", ")}, not "${name}"`, 2);
  return mode;
}

function readVersion(args: CommandArguments): EnvoyVersion {
  const text = args.option("envoy") ?? "1.40";
  const version = versions.find((known) => known === text);
  if (version === undefined) throw new CommandError(`--envoy is one of ${versions.join(", ")}, not "${text}"`, 2);
  return version;
}

function readMetadata(text: string): [string, Record<string, JsonValue>] {
  const [namespace, json] = splitPair("metadata", text);
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return [namespace, value as Record<string, JsonValue>];
    }
  } catch {
    // said below, for both
  }
  throw new CommandError(`--metadata takes NAMESPACE=JSON with an object, not ${JSON.stringify(text)}`, 2);
}

function splitPair(option: string, text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new CommandError(`--${option} takes NAME=VALUE, not ${JSON.stringify(text)}`, 2);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function readBoolean(args: CommandArguments, option: string, fallback: boolean): boolean {
  const text = args.option(option) ?? String(fallback);
  if (text !== "true" && text !== "false") throw new CommandError(`--${option} is true or false, not "${text}"`, 2);
  return text === "true";
}
