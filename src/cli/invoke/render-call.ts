/** A call as a person reads it, and as one JSON object for programs. */
import type { CallAnswer, CallRecord, LogRecord } from "./call.ts";
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

function renderLog({ level, message, name: _, time: __, ...fields }: LogRecord): string {
  const more = Object.keys(fields).length === 0 ? "" : ` ${JSON.stringify(fields)}`;
  return `${INDENT}${String(level).padEnd(5)}  ${String(message)}${more}\n`;
}

export function reportBody(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString();
  return Buffer.from(text).equals(buffer) ? { text } : { base64: buffer.toString("base64") };
}
