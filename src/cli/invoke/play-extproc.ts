/** Plays an exchange with an extproc trigger, running or served for the occasion, and shows it. */
import { type CommandArguments, CommandError, type CommandIo } from "../command.ts";
import { normaliseGrpcAddress } from "../grpc-address.ts";
import { eventOptions } from "./options.ts";
import { connect } from "./open-stream.ts";
import { type OpenStream, playExchange } from "./play.ts";
import { readFields } from "./read-options.ts";
import { readScenario } from "./read-scenario.ts";
import { readTls } from "./read-tls.ts";
import { isCompleted } from "./record.ts";
import { renderResult, renderStep } from "./render.ts";
import { reportExchange } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import { serveFunction, whenServed } from "./serve-function.ts";

const connectTimeoutMs = 2000;
/** A function's own start is part of it. */
const serveTimeoutMs = 15_000;

/** Resolves with the exit code. */
export async function playFile(file: string, args: CommandArguments, io: CommandIo): Promise<number> {
  const { scenario, initialMetadata } = readOptions(args, io);
  await using served = await serveFunction(file, io);
  using connection = connect(served.address, null, initialMetadata);
  await whenServed(served, connection.waitUntilReady(serveTimeoutMs));
  return await play(scenario, connection.open, args, io);
}

/** Resolves with the exit code. */
export async function playAddress(target: string, args: CommandArguments, io: CommandIo): Promise<number> {
  const { scenario, initialMetadata } = readOptions(args, io);
  const tls = readTls(args);
  const address = normaliseGrpcAddress(target);
  using connection = connect(address, tls, initialMetadata);
  await connection.waitUntilReady(connectTimeoutMs).catch(() => {
    const over = tls === null ? "" : " over TLS (or one side refuses the other's certificate)";
    throw new CommandError(`nobody serves gRPC${over} at ${address}`);
  });
  return await play(scenario, connection.open, args, io);
}

function readOptions(args: CommandArguments, { cwd }: CommandIo) {
  const surplus = eventOptions.find(({ name }) => args.option(name) !== undefined);
  if (surplus !== undefined) throw new CommandError(`--${surplus.name} has no meaning for extproc: its log goes on`, 2);
  return { scenario: readScenario(args, cwd), initialMetadata: readFields(args, "initial-metadata") };
}

/** On standard output, each message as it passes. */
async function play(
  scenario: Scenario,
  open: OpenStream,
  args: CommandArguments,
  { stdout }: CommandIo,
): Promise<number> {
  const json = args.has("json");
  const record = await playExchange(scenario, open, (step) => {
    if (!json) stdout.write(renderStep(step));
  });
  stdout.write(json ? `${JSON.stringify(reportExchange(record), null, 2)}\n` : renderResult(record));
  return isCompleted(record) ? 0 : 1;
}
