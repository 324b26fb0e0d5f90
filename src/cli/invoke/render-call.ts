/** A call as a person reads it, and as one JSON object for programs. */
import type { CallAnswer, CallRecord, LogRecord } from "./call.ts";
import { reportBody } from "./report.ts";
import { INDENT, printable, renderBytes, renderFields } from "./text.ts";

export function renderCall({ answer, problem, tookMs }: CallRecord): string {
  const took = `${tookMs < 10 ? tookMs.toFixed(1) : Math.round(tookMs)} ms`;
  const parts = answer === null ? [] : [renderAnswer(answer)];
  parts.push(problem === null ? `\nCompleted in ${took}.\n` : `\nFailed after ${took}: ${problem}.\n`);
  return printable(parts.join("")).replace(/^\n/u, "");
}

/** `{completed, status, fields, body, logs, problem, tookMs}`; the body is `{text}` where it is UTF-8, else `{base64}`. */
export function reportCall({ answer, problem, tookMs }: CallRecord): object {
  return {
    completed: problem === null,
    status: answer?.status ?? null,
    fields: answer?.fields ?? [],
    body: answer === null ? null : reportBody(answer.body),
    logs: answer?.logs ?? [],
    problem,
    tookMs: Math.round(tookMs),
  };
}

function renderAnswer({ status, fields, body, logs }: CallAnswer): string {
  const head = renderFields([["status", String(status)], ...fields]);
  const content = body.length === 0 ? "" : `\n${renderBytes(body)}`;
  const said = logs.length === 0 ? "" : `\nLogged\n${logs.map(renderLog).join("")}`;
  return `Answer\n${head}${content}${said}`;
}

const SHOWN_APART = ["level", "message", "name", "time"];

function renderLog(record: LogRecord): string {
  const fields = Object.entries(record).filter(([key]) => !SHOWN_APART.includes(key));
  const more = fields.length === 0 ? "" : ` ${JSON.stringify(Object.fromEntries(fields))}`;
  return `${INDENT}${String(record["level"]).padEnd(5)}  ${String(record["message"])}${more}\n`;
}
