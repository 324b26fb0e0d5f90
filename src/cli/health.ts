/** `processor health`: asks a running processor whether it serves. For container health checks without a shell. */
import { normaliseGrpcAddress } from "./grpc-address.ts";
import { type Command, type CommandArguments, CommandError, type CommandIo } from "./command.ts";

const defaultAddress = "http://127.0.0.1:8082/ready";
const defaultTimeoutMs = 2000;

export const healthCommand: Command = {
  name: "health",
  summary: "Ask a running processor whether it is ready.",
  usage: "[address] [options]",
  description: [
    `Without an address ${defaultAddress} is asked. HOST:PORT or unix:PATH asks the gRPC health service of an extproc trigger there.`,
    "Exit code 0: ready. 1: not ready, or nobody answers.",
  ],
  maxPositionals: 1,
  options: [
    { name: "timeout", value: "MS", help: `How long to wait for the answer, in ms. Default: ${defaultTimeoutMs}.` },
  ],
  examples: [
    { line: "processor health", help: "Is the processor on this machine ready?" },
    { line: "processor health 127.0.0.1:5051", help: "Does its extproc trigger serve? Asked over gRPC." },
  ],
  run: checkHealth,
};

async function checkHealth(args: CommandArguments, io: CommandIo): Promise<number> {
  const address = args.positionals[0] ?? defaultAddress;
  const timeoutMs = parseTimeout(args.option("timeout"));
  const answer = /^https?:\/\//u.test(address)
    ? await askHttp(address, timeoutMs)
    : await (await import("./ask-grpc-health.ts")).askGrpcHealth(normaliseGrpcAddress(address), timeoutMs);
  if (answer.serving) io.stdout.write(`${address} is ready\n`);
  else io.stderr.write(`processor: ${address} is not ready: ${answer.reason}\n`);
  return answer.serving ? 0 : 1;
}

export type HealthAnswer = { readonly serving: true } | { readonly serving: false; readonly reason: string };

async function askHttp(address: string, timeoutMs: number): Promise<HealthAnswer> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    return response.ok ? { serving: true } : { serving: false, reason: `it answers ${response.status}` };
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    return { serving: false, reason: timedOut ? `no answer within ${timeoutMs} ms` : "nobody listens there" };
  }
}

function parseTimeout(text: string | undefined): number {
  if (text === undefined) return defaultTimeoutMs;
  const timeoutMs = Number(text);
  if (Number.isInteger(timeoutMs) && timeoutMs > 0) return timeoutMs;
  throw new CommandError(`--timeout takes a number of milliseconds, not "${text}"`, 2);
}
