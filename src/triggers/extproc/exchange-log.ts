/** The lines an exchange leaves in the log. */
import { describeFailure } from "../../function/describe-failure.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Direction } from "./direction.ts";
import { type Outcome, phaseName } from "./exchange-metrics.ts";
import type { RequestPseudo } from "./request-text.ts";
import type { ExtprocService } from "./service.ts";
import { Phase } from "./wire/processing-request.ts";

/** What the lines tell of an exchange. */
export interface LoggedExchange {
  readonly service: ExtprocService;
  /** Bound to the exchange's id. */
  readonly log: Logger;
  readonly response: Direction;
  requestText(name: RequestPseudo): string;
}

/** With `logPhases`: a phase came, or was answered. */
export function logPhase(exchange: LoggedExchange, phase: Phase, what: "received" | "answered"): void {
  if (!exchange.service.settings.processing.logPhases || phase === Phase.NONE) return;
  exchange.log.info({ phase: phaseName(phase) }, what);
}

/** What went wrong, and the line of the function where it did. */
export function logFailure({ log, service }: LoggedExchange, error: unknown, message: string): void {
  const { message: text, file, line } = describeFailure(error, service.origin);
  const at = file === null ? service.origin.file : `${file}:${line}`;
  log.error({ error: text, at, onError: service.onError }, message);
}

/** The proxy ended the exchange while `due` owed an answer. @returns what the function is told. */
export function logCancelled({ log }: LoggedExchange, due: Direction, reason: string): string {
  const ms = Math.round(performance.now() - due.dueSince);
  const phase = phaseName(due.due);
  const message = `${reason} ${ms} ms after the ${phase} arrived, before they were answered: the client left, or Envoy's message_timeout is shorter than the function`;
  log.warn({ phase, ms }, message);
  return message;
}

/** With `logStream`: one line for each exchange. @param startedAt by `performance.now()`. */
export function logEnd(exchange: LoggedExchange, outcome: Outcome, startedAt: number): void {
  if (!exchange.service.settings.processing.logStream) return;
  const { response } = exchange;
  const fields = {
    method: exchange.requestText(":method"),
    path: exchange.requestText(":path"),
    status: response.begun ? Number(response.pseudo(":status")) : undefined,
    outcome,
    ms: Math.round((performance.now() - startedAt) * 100) / 100,
  };
  exchange.log.info(fields, "exchange");
}
