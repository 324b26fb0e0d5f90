/** `processor invoke`: calls a function once, running or in a file, by whichever trigger it has. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, type CommandArguments, CommandError, type CommandIo } from "./command.ts";
import { isGrpcAddress } from "./grpc-address.ts";
import type { CallRecord } from "./invoke/call.ts";
import { callOptions, connectionOptions, envoyOptions, eventOptions } from "./invoke/options.ts";
import { readCall } from "./invoke/read-call.ts";
import { readTls } from "./invoke/read-tls.ts";

export const invokeCommand: Command = {
  name: "invoke",
  summary: "Call a function once and show what becomes of it; for extproc, play Envoy.",
  usage: "<address or function file> [options]",
  description: [
    "A URL calls a running http trigger. HOST:PORT, PORT or unix:PATH plays Envoy's ext_proc filter, a client and an upstream against a running extproc trigger. A function file is run for the occasion: by what it exports, or as --trigger says, where job and cron hand it an event.",
    "Of a call the answer is shown. Of an exchange with Envoy each message of both sides, then the request as the upstream gets it and the response as the client gets it; answers Envoy would not accept are marked.",
    "Exit code 0: the call succeeded (below 400 over HTTP, 2xx for job and cron), the exchange was completed. 1: the function or the processor failed or did not answer. 2: wrong command line.",
  ],
  maxPositionals: 1,
  options: [...callOptions, ...eventOptions, ...connectionOptions, ...envoyOptions],
  examples: [
    {
      line: "processor invoke hello.ts --path /orders -H 'authorization: Bearer x'",
      help: "What does hello.ts do with this request?",
    },
    { line: "processor invoke http://localhost:8080/orders -d '{\"id\":7}'", help: "Call a running http trigger." },
    { line: "processor invoke hello.ts --trigger job -d @order.json", help: "Hand the function the event of a job." },
    {
      line: "processor invoke 127.0.0.1:5051 -d @order.json --request-body-mode full-duplex --echo",
      help: "Send a body through Envoy's eyes, to a running processor and back.",
    },
  ],
  run: invoke,
};

async function invoke(args: CommandArguments, io: CommandIo): Promise<number> {
  const [target] = args.positionals;
  if (target === undefined) throw new CommandError("what shall be invoked? Give an address or a function file", 2);
  const kind = args.option("trigger");
  if (isFunctionFile(target, io.cwd)) return invokeFile(target, args, io);
  if (kind !== undefined)
    throw new CommandError(`--trigger is for function files, and there is no file "${target}"`, 2);
  if (/^https?:\/\//iu.test(target)) return invokeUrl(target, args, io);
  if (!isGrpcAddress(target)) {
    throw new CommandError(
      `"${target}" is neither a file nor an address such as 127.0.0.1:5051 (extproc) or http://127.0.0.1:8080`,
      2,
    );
  }
  const { playAddress } = await import("./invoke/play-extproc.ts");
  return playAddress(target, args, io);
}

async function invokeUrl(target: string, args: CommandArguments, io: CommandIo): Promise<number> {
  const url = URL.parse(target);
  if (url === null) throw new CommandError(`"${target}" is no URL such as http://127.0.0.1:8080/`, 2);
  const call = readCall(args, io.cwd, envoyOptions, "a call over HTTP");
  const { callHttp } = await import("./invoke/call-http.ts");
  return show(await callHttp({ url, tls: readTls(args) }, call), args, io);
}

async function invokeFile(file: string, args: CommandArguments, io: CommandIo): Promise<number> {
  if (readTls(args) !== null) {
    throw new CommandError("--tls and certificates are for running triggers: a function file is served without", 2);
  }
  const asked = args.option("trigger");
  const { callLocalHttp, callLocalJob, openLocalFunction } = await import("./invoke/run-here.ts");
  const local = await openLocalFunction(file, asked, io);
  const { kind } = local.trigger;
  if (kind === "extproc") {
    const { playFile } = await import("./invoke/play-extproc.ts");
    return playFile(file, args, io);
  }
  const what = asked === undefined ? `this function, which is served over HTTP (or write --trigger extproc)` : kind;
  const call = readCall(args, io.cwd, envoyOptions, what);
  switch (kind) {
    case "http":
      return show(await callLocalHttp(local, call, io), args, io);
    case "job":
    case "cron":
      return show(await callLocalJob(local, kind, call, io), args, io);
    default:
      throw new CommandError(`--trigger is one of extproc, http, job, cron, not "${kind}"`, 2);
  }
}

async function show(record: CallRecord, args: CommandArguments, { stdout }: CommandIo): Promise<number> {
  const { renderCall, reportCall } = await import("./invoke/render-call.ts");
  stdout.write(args.has("json") ? `${JSON.stringify(reportCall(record), null, 2)}\n` : renderCall(record));
  return record.problem === null ? 0 : 1;
}

/** "hello.ts", and "hello.ts:handler" as in a configuration's `handler`. */
function isFunctionFile(target: string, cwd: string): boolean {
  return [target, target.replace(/:[^:/\\]*$/u, "")].some((path) => path !== "" && existsSync(resolve(cwd, path)));
}
