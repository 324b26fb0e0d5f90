/** Opens the log of one thread: pino, written synchronously so that no line is lost at an exit. */
import type { DestinationStream, LoggerOptions } from "pino";
import type { Logger } from "./log.ts";
import { redact, redactText } from "./redact.ts";

/** "stderr" keeps standard output free for a result. */
export type LogStream = "stdout" | "stderr";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  /** "console": readable lines, coloured on a terminal. "json": one JSON object a line. */
  readonly format: "console" | "json";
  /** Name of the part of the processor that logs, e.g. "processor" or "worker 0". */
  readonly name: string;
  /** Default: standard output. */
  readonly stream?: LogStream;
  /** Instead of the stream. */
  readonly destination?: DestinationStream;
  /** Colours in the console format. */
  readonly colours: boolean;
}

/** Turns the configured format into the one to use: readable on a terminal, JSON elsewhere. */
export function chooseLogFormat(format: "auto" | "console" | "json", isTerminal: boolean): "console" | "json" {
  if (format !== "auto") return format;
  return isTerminal ? "console" : "json";
}

/** `time` is in milliseconds since the epoch, `level` a word, the text is under `message`. */
export async function openLog(options: LogOptions): Promise<Logger> {
  const { pino, destination } = await import("pino");
  const settings: LoggerOptions = {
    level: options.level,
    base: { name: options.name },
    messageKey: "message",
    errorKey: "err",
    serializers: { err: (value: unknown) => value },
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => redact(fields) as Record<string, unknown>,
    },
    hooks: {
      // The text may come before or after the fields; whatever is text is cleaned.
      logMethod(args, method) {
        const clean = args.map((argument: unknown) => (typeof argument === "string" ? redactText(argument) : argument));
        method.apply(this, clean as typeof args);
      },
    },
  };
  const sink = options.destination ?? destination({ dest: options.stream === "stderr" ? 2 : 1, sync: true });
  const stream = options.format === "json" ? sink : await openConsole(sink, options.colours);
  const log = pino(settings, stream);
  return adapt(log, log.child);
}

async function openConsole(destination: DestinationStream, colours: boolean): Promise<DestinationStream> {
  const { prettyFactory } = await import("pino-pretty");
  const format = prettyFactory({
    colorize: colours,
    messageKey: "message",
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,hostname",
    singleLine: true,
  });
  return { write: (line) => destination.write(format(line)) };
}

type CreateChild = (bindings: Record<string, unknown>) => Logger;

/** Child loggers write their bindings once, past the formatters: they are cleaned here. */
function adapt(log: Logger, createChild: CreateChild): Logger {
  return Object.assign(log, {
    child(bindings: object): Logger {
      const child = createChild.call(log, redact(bindings) as Record<string, unknown>);
      return adapt(child, createChild);
    },
  });
}
