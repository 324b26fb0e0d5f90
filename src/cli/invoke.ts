/** `processor invoke`: one exchange with a running processor, or with a function file, without an Envoy. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, type CommandArguments, CommandError, type CommandIo } from "./command.ts";
import { isGrpcAddress, normaliseGrpcAddress } from "./grpc-address.ts";
import type { TlsFiles } from "./invoke/open-stream.ts";
import type { OpenStream } from "./invoke/play.ts";
import {
  bodyModeNames,
  defaultChunkBytes,
  defaultTimeoutMs,
  readFields,
  readScenario,
} from "./invoke/read-scenario.ts";
import type { Scenario } from "./invoke/scenario.ts";

const connectTimeoutMs = 2000;
/** A function's own start is part of it. */
const serveTimeoutMs = 15_000;
const modeHelp = `${bodyModeNames.join(", ")}. Default: none.`;

export const invokeCommand: Command = {
  name: "invoke",
  summary: "Play Envoy: send one request through a function and show what becomes of it.",
  usage: "<address or function file> [options]",
  description: [
    "Plays Envoy's ext_proc filter, a client and an upstream. HOST:PORT, PORT or unix:PATH asks a running extproc trigger; a function file is served for the occasion.",
    "Shows each message of both sides, then the request as the upstream gets it and the response as the client gets it. Answers Envoy would not accept are marked.",
    "Exit code 0: the exchange was completed, also by an answer of the function's own. 1: the processor broke the protocol, failed or did not answer. 2: wrong command line.",
  ],
  maxPositionals: 1,
  options: [
    { name: "method", short: "X", value: "METHOD", help: "Default: GET, or POST with a body." },
    { name: "path", value: "PATH", help: "With its query. Default: /." },
    { name: "authority", value: "HOST", help: "Default: localhost." },
    { name: "scheme", value: "SCHEME", help: "Default: http." },
    { name: "header", short: "H", value: "'NAME: VALUE'", help: "A header of the request; may be repeated." },
    { name: "data", short: "d", value: "TEXT", help: "Body of the request; @FILE reads it from a file." },
    { name: "trailer", value: "'NAME: VALUE'", help: "A trailer of the request; may be repeated." },
    { name: "request-body-mode", value: "MODE", help: modeHelp },
    { name: "response-body-mode", value: "MODE", help: modeHelp },
    {
      name: "chunk-size",
      value: "BYTES",
      help: `Bodies arrive in chunks of this size. Default: ${defaultChunkBytes}.`,
    },
    { name: "response-status", value: "STATUS", help: "Status the upstream answers. Default: 200." },
    { name: "response-header", value: "'NAME: VALUE'", help: "A header of its response; may be repeated." },
    { name: "response-data", value: "TEXT", help: "Body of its response; @FILE reads it from a file." },
    { name: "response-trailer", value: "'NAME: VALUE'", help: "A trailer of its response; may be repeated." },
    { name: "echo", help: "The upstream sends back the body it got." },
    {
      name: "attribute",
      value: "NAME=VALUE",
      help: "An attribute, e.g. source.address=10.0.0.1:4711; may be repeated.",
    },
    { name: "metadata", value: "NAMESPACE=JSON", help: "Forwarded metadata, an object; may be repeated." },
    { name: "initial-metadata", value: "'NAME: VALUE'", help: "Metadata of the gRPC stream; may be repeated." },
    { name: "allow-mode-override", value: "BOOL", help: "Whether the function may ask for bodies. Default: true." },
    { name: "failure-mode-allow", help: "Errors of the processor let the exchange pass." },
    { name: "observability", help: "The processor gets copies and changes nothing." },
    { name: "send-body-without-waiting", help: "Streamed chunks go out before the headers are answered." },
    { name: "buffer-limit", value: "BYTES", help: "What Envoy buffers of a body. Default: 1048576." },
    { name: "envoy", value: "VERSION", help: "Whose rules are played: 1.36, 1.37 or 1.40. Default: 1.40." },
    { name: "tls", help: "The trigger serves TLS." },
    { name: "ca", value: "FILE", help: "Certificates to trust instead of the system's, PEM." },
    { name: "cert", value: "FILE", help: "Own certificate, PEM; with --key." },
    { name: "key", value: "FILE", help: "Own private key, PEM." },
    {
      name: "server-name",
      value: "NAME",
      help: "The name in the trigger's certificate, when it is not that of the address.",
    },
    {
      name: "timeout",
      value: "MS",
      help: `Longest wait for an answer, as message_timeout. Default: ${defaultTimeoutMs}.`,
    },
    { name: "json", help: "One JSON object instead of text." },
  ],
  examples: [
    {
      line: "processor invoke hello.ts --path /orders -H 'authorization: Bearer x'",
      help: "What does hello.ts do with this request?",
    },
    {
      line: "processor invoke 127.0.0.1:5051 -d @order.json --request-body-mode full-duplex --echo",
      help: "Send a body through a running processor and back.",
    },
  ],
  run: invoke,
};

async function invoke(args: CommandArguments, io: CommandIo): Promise<number> {
  const [target] = args.positionals;
  if (target === undefined) throw new CommandError("what shall be invoked? Give an address or a function file", 2);
  const { connect } = await import("./invoke/open-stream.ts");
  const scenario = readScenario(args, io.cwd);
  const initialMetadata = readFields(args, "initial-metadata");
  const tls = readTls(args);
  const json = args.has("json");

  if (isFunctionFile(target, io.cwd)) {
    if (tls !== null) throw new CommandError("--tls is for running processors: a function file is served without", 2);
    const { serveFunction, whenServed } = await import("./invoke/serve-function.ts");
    await using served = await serveFunction(target, io);
    using connection = connect(served.address, null, initialMetadata);
    await whenServed(served, connection.waitUntilReady(serveTimeoutMs));
    return await show(scenario, connection.open, json, io);
  }
  if (!isGrpcAddress(target)) {
    throw new CommandError(`"${target}" is neither a file nor an address such as 127.0.0.1:5051`, 2);
  }
  const address = normaliseGrpcAddress(target);
  using connection = connect(address, tls, initialMetadata);
  await connection.waitUntilReady(connectTimeoutMs).catch(() => {
    const over = tls === null ? "" : " over TLS (or one side refuses the other's certificate)";
    throw new CommandError(`nobody serves gRPC${over} at ${address}`);
  });
  return await show(scenario, connection.open, json, io);
}

/** Plays the exchange on standard output, each message as it passes. Resolves with the exit code. */
async function show(scenario: Scenario, open: OpenStream, json: boolean, { stdout }: CommandIo): Promise<number> {
  const [{ playExchange }, { isCompleted }, { renderStep, renderResult }, { reportExchange }] = await Promise.all([
    import("./invoke/play.ts"),
    import("./invoke/record.ts"),
    import("./invoke/render.ts"),
    import("./invoke/report.ts"),
  ]);
  const record = await playExchange(scenario, open, (step) => {
    if (!json) stdout.write(renderStep(step));
  });
  stdout.write(json ? `${JSON.stringify(reportExchange(record), null, 2)}\n` : renderResult(record));
  return isCompleted(record) ? 0 : 1;
}

/** "hello.ts", and "hello.ts:handler" as in a configuration's `handler`. */
function isFunctionFile(target: string, cwd: string): boolean {
  return [target, target.replace(/:[^:/\\]*$/u, "")].some((path) => path !== "" && existsSync(resolve(cwd, path)));
}

function readTls(args: CommandArguments): TlsFiles | null {
  const files = {
    ca: args.option("ca") ?? null,
    cert: args.option("cert") ?? null,
    key: args.option("key") ?? null,
    serverName: args.option("server-name") ?? null,
  };
  if ((files.cert === null) !== (files.key === null)) throw new CommandError("--cert and --key go together", 2);
  const implied = Object.values(files).some((value) => value !== null);
  return args.has("tls") || implied ? files : null;
}
