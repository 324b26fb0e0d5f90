/** The two files of a configuration as trees, with the environment in them. */
import { dirname, resolve } from "node:path";
import { isNull } from "./config-node.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { applyOverrides } from "./environment-overrides.ts";
import type { Override } from "./environment-overrides.ts";
import { interpolate } from "./interpolate.ts";
import { parseYaml } from "./parse-yaml.ts";
import { readSource } from "./read-source.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

/** A file the command line may name. */
export interface NamedFile {
  /** "--config" */
  readonly option: string;
  /** What the command line names; undefined: nothing. */
  readonly given: string | undefined;
  readonly defaultFile: string;
  /** What is done when a named file is missing, for a warning "<file> does not exist: …"; null: that is an error. */
  readonly instead: string | null;
}

export interface Tree {
  readonly root: ConfigNode | null;
  /** Start of the file, or the command line. */
  readonly place: Place;
  /** Absolute: where relative paths of the file start. */
  readonly directory: string;
  readonly found: boolean;
  /** The file is there and cannot be understood: nothing else can be said of it. */
  readonly broken: boolean;
}

export function readTree(
  { option, given, defaultFile, instead }: NamedFile,
  cwd: string,
  problems: ConfigProblem[],
): Tree {
  const file = given ?? defaultFile;
  const commandLine: Place = { kind: "command line", option };
  const nothing: Tree = { root: null, place: commandLine, directory: resolve(cwd), found: false, broken: false };
  const source = readSource(file, cwd);
  if (source.kind === "text") {
    const place: Place = { kind: "file", text: source.text, start: 0, end: 1 };
    const parsed = parseYaml(source.text);
    problems.push(...parsed.problems);
    const broken = parsed.root === null && parsed.problems.length > 0;
    return { root: parsed.root, place, directory: dirname(resolve(cwd, file)), found: true, broken };
  }
  if (source.kind === "unreadable") {
    problems.push(makeProblem("error", "unreadable-file", "", `${file} ${source.reason}`, commandLine));
    return { ...nothing, broken: true };
  }
  if (given === undefined) return nothing;
  if (instead !== null) {
    const message = `${file} does not exist: ${instead}`;
    problems.push(makeProblem("warning", "missing-file", "", message, commandLine));
    return nothing;
  }
  const message = `${file} does not exist: is the path right, seen from ${resolve(cwd)}?`;
  problems.push(makeProblem("error", "missing-file", "", message, commandLine));
  return { ...nothing, broken: true };
}

/** The tree with what the environment says in it and for it; null when that is nothing. */
export function resolveTree(
  root: ConfigNode | null,
  overrides: readonly Override[],
  environment: Readonly<Record<string, string | undefined>>,
  problems: ConfigProblem[],
): ConfigNode | null {
  const overridden = applyOverrides(root, overrides, problems);
  if (overridden === null || isNull(overridden)) return null;
  const interpolated = interpolate(overridden, environment);
  problems.push(...interpolated.problems);
  return interpolated.node;
}
