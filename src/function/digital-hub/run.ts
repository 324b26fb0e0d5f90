/** The project and the run a function belongs to, as Digital Hub Core tells its containers. */
import type { DigitalHubProject, DigitalHubRun, NuclioEvent } from "../contract.ts";

export interface Identity {
  readonly project: DigitalHubProject | undefined;
  readonly run: DigitalHubRun | undefined;
}

/** From `PROJECT_NAME` and `RUN_ID`. */
export function readIdentity(environment: Readonly<Record<string, string | undefined>>): Identity {
  const name = environment["PROJECT_NAME"];
  const id = environment["RUN_ID"];
  return {
    project: name ? { name } : undefined,
    run: id ? { id, ...(name && { project: name }) } : undefined,
  };
}

/** What a job is to do. */
export interface RunOrder {
  /** The whole document. */
  readonly run: DigitalHubRun;
  /** Arguments by name; an input is the key of its entity and goes before a parameter of the same name. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Export to call once before; null: none. */
  readonly init: { readonly name: string; readonly args: Readonly<Record<string, unknown>> } | null;
}

/** The run in a job's event; null when it holds none. */
export function readRunOrder(event: Pick<NuclioEvent, "trigger" | "body">): RunOrder | null {
  if (event.trigger.kind !== "job") return null;
  const document = asRecord(parse(event.body.toString()));
  if (document === null) return null;
  const spec = asRecord(document["spec"]);
  if (spec === null) return null;
  const { id, project, ...fields } = document;
  const source = asRecord(spec["source"]);
  const init = source?.["init_function"];
  return {
    run: { ...fields, id: typeof id === "string" ? id : "", ...(typeof project === "string" && { project }) },
    args: { ...asRecord(spec["parameters"]), ...asRecord(spec["inputs"]) },
    init:
      typeof init === "string" && init !== "" ? { name: init, args: asRecord(spec["init_parameters"]) ?? {} } : null,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A job's event may be anything: this one is no run.
    return null;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
