/**
 * Functions in Digital Hub's own form, called as Nuclio handlers: their parameters are given by name. `project`, `run`,
 * `context` and `event` are always known; a job's run brings the others.
 */
import type { NuclioContext, NuclioEvent, NuclioHandler } from "../contract.ts";
import { HandlerResponse } from "../nuclio/response.ts";
import { bindArguments } from "./bind-arguments.ts";
import { type Parameter, readParameters } from "./parameters.ts";
import { nameResults } from "./results.ts";
import { readRunOrder, type RunOrder } from "./run.ts";

/**
 * The function as a Nuclio handler, itself unless it has other parameters than `context` and `event`. One that names
 * `project` or `run` is of Digital Hub's form; others are for a job whose run gives an argument they name.
 */
export function adaptHandler(handler: NuclioHandler, exports: Readonly<Record<string, unknown>>): NuclioHandler {
  const parameters = readParameters(handler) ?? [];
  const own = parameters.filter(({ name }) => name !== null && name !== "context" && name !== "event");
  if (own.length === 0) return handler;
  const named = own.some(isTelling);
  let initialised: Promise<void> | null = null;

  return (context, event) => {
    const order = readRunOrder(event);
    const asked = order !== null && own.some(({ name }) => name !== null && Object.hasOwn(order.args, name));
    if (!named && !asked) return handler(context, event);
    if (order === null) return call(handler, parameters, context, event, {});
    // One that failed is called again when the job is tried again.
    initialised ??= initialise(order, exports, context).catch((error: unknown) => {
      initialised = null;
      throw error;
    });
    return initialised.then(() => runJob(handler, parameters, order, exports, context, event));
  };
}

/** Whether the function shows that it is of Digital Hub's form. */
export function isDigitalHubFunction(fn: Function): boolean {
  return readParameters(fn)?.some(isTelling) === true;
}

function isTelling({ name }: Parameter): boolean {
  return name === "project" || name === "run";
}

async function runJob(
  handler: NuclioHandler,
  parameters: readonly Parameter[],
  order: RunOrder,
  exports: Readonly<Record<string, unknown>>,
  context: NuclioContext,
  event: NuclioEvent,
): Promise<unknown> {
  const { run } = order;
  const project = context.project ?? (run.project === undefined ? undefined : { name: run.project });
  const value = await call(handler, parameters, { ...context, project, run }, event, order.args);
  if (value instanceof Response || value instanceof HandlerResponse || value instanceof Error) return value;
  const { outputs } = exports;
  const names = Array.isArray(outputs) ? outputs.map(String) : [];
  return { results: nameResults(value, names) };
}

function call(
  handler: Function,
  parameters: readonly Parameter[],
  context: NuclioContext,
  event: NuclioEvent,
  given: Readonly<Record<string, unknown>>,
): unknown {
  const reserved = { project: context.project, run: context.run, context, event };
  const args = bindArguments(handler.name || "the function", parameters, { reserved, given });
  return Reflect.apply(handler, undefined, args);
}

/** Calls the run's `init_function`, which must take the context, once. */
async function initialise(
  { init, run }: RunOrder,
  exports: Readonly<Record<string, unknown>>,
  context: NuclioContext,
): Promise<void> {
  if (init === null) return;
  const fn = Object.hasOwn(exports, init.name) ? exports[init.name] : undefined;
  if (typeof fn !== "function")
    throw new TypeError(`the run's init_function "${init.name}" is no function of the module`);
  const parameters = readParameters(fn) ?? [];
  if (!parameters.some(({ name }) => name === "context")) {
    throw new TypeError(`the run's init_function "${init.name}" has no parameter "context"`);
  }
  const args = bindArguments(init.name, parameters, { reserved: { context: { ...context, run } }, given: init.args });
  await Reflect.apply(fn, undefined, args);
}
