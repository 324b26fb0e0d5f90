/** An exchange as a person reads it: each message as it passes, then what upstream and client got. */
import { status as grpcStatus } from "@grpc/grpc-js";
import type { DecodedResponse } from "./decode-response.ts";
import type { CommonResponse, HeaderMutation, ProcessorAnswer, ProcessorRequest, RequestPhase } from "./envoy/model.ts";
import { type ExchangeRecord, type ReceivedMessage, type Step, isCompleted, isFault } from "./record.ts";
import { bodyLines, countBytes, INDENT, printable, renderBytes, renderFields } from "./text.ts";

export function renderStep(step: Step): string {
  return printable(describeStep(step));
}

function describeStep(step: Step): string {
  switch (step.kind) {
    case "sent":
      return renderSent(step.message);
    case "received":
      return renderReceived(step.response);
    case "verdict":
      return `${isFault(step.verdict) ? "  !!" : "  · "} ${step.verdict}: ${step.text}\n`;
    case "status": {
      const text = step.message === "" ? "" : `: ${step.message}`;
      return `  ←  the stream ends with ${grpcStatus[step.code] ?? step.code}${text}\n`;
    }
  }
}

export function renderResult(record: ExchangeRecord): string {
  const { upstream, client, details } = record;
  const parts = [
    `\nUpstream gets${renderMessage(upstream, "nothing")}`,
    `\nThe client gets${renderMessage(client, "no response")}`,
  ];
  if (details !== null && details !== "") parts.push(`${INDENT}(details: ${details})\n`);
  parts.push(isCompleted(record) ? "\nCompleted.\n" : "\nFailed.\n");
  return printable(parts.join(""));
}

function renderSent({ side, phase, protocolConfig, observabilityMode }: ProcessorRequest): string {
  const modes =
    protocolConfig === null
      ? ""
      : ` · body modes ${protocolConfig.requestBodyMode}, ${protocolConfig.responseBodyMode}`;
  const copy = observabilityMode ? " · a copy" : "";
  return `  →  ${side} ${renderPhase(phase)}${modes}${copy}\n${renderContent(phase)}`;
}

function renderPhase(phase: RequestPhase): string {
  const end = phase.kind !== "trailers" && phase.endOfStream ? ", end of stream" : "";
  return `${phase.kind}${phase.kind === "body" ? `, ${countBytes(phase.bytes)}` : ""}${end}`;
}

function renderContent(phase: RequestPhase): string {
  return phase.kind === "body" ? renderBytes(phase.bytes) : renderFields(phase.fields);
}

function renderReceived({ answer, modeOverride, overrideMessageTimeoutMs, dynamicMetadata }: DecodedResponse): string {
  const lines = answer === null ? [] : renderAnswer(answer);
  if (modeOverride !== null) {
    const { requestBodyMode, responseBodyMode } = modeOverride;
    lines.push(`mode_override: request body ${requestBodyMode}, response body ${responseBodyMode}`);
  }
  if (overrideMessageTimeoutMs !== null) lines.push(`override_message_timeout: ${overrideMessageTimeoutMs} ms`);
  if (dynamicMetadata !== null) lines.push(`dynamic_metadata: ${JSON.stringify(dynamicMetadata)}`);
  const [first = "an empty message", ...rest] = lines;
  return `  ←  ${first}\n${rest.map((line) => `${INDENT}${line}\n`).join("")}`;
}

function renderAnswer(answer: ProcessorAnswer): string[] {
  switch (answer.kind) {
    case "headers":
    case "body":
      return [`${answer.side} ${answer.kind}: ${describeCommon(answer.common)}`, ...renderCommon(answer.common)];
    case "trailers":
      return [`${answer.side} trailers`, ...renderMutation(answer.mutation)];
    case "immediate": {
      const details = answer.details === "" ? "" : ` (${answer.details})`;
      return [
        `immediate response: ${answer.status}${details}`,
        ...renderMutation(answer.mutation),
        ...bodyLines(answer.body),
      ];
    }
    case "streamedImmediate":
      return [`streamed immediate response: ${renderPhase(answer.part)}`, ...contentLines(renderContent(answer.part))];
  }
}

function describeCommon({ status, headerMutation, bodyMutation }: CommonResponse): string {
  if (status === "CONTINUE_AND_REPLACE") return bodyMutation === null ? "continue, send no more of it" : "replace";
  return headerMutation === null && bodyMutation === null ? "continue unchanged" : "continue";
}

function renderCommon({ headerMutation, bodyMutation, clearRouteCache }: CommonResponse): string[] {
  const lines = renderMutation(headerMutation);
  if (bodyMutation?.kind === "clearBody") lines.push("clear body");
  else if (bodyMutation !== null) {
    const end = bodyMutation.kind === "streamed" && bodyMutation.endOfStream ? ", end of stream" : "";
    lines.push(`body, ${countBytes(bodyMutation.bytes)}${end}`, ...bodyLines(bodyMutation.bytes));
  }
  if (clearRouteCache) lines.push("clear route cache");
  return lines;
}

function renderMutation(mutation: HeaderMutation | null): string[] {
  if (mutation === null) return [];
  return [
    ...mutation.remove.map((name) => `- ${name}`),
    ...mutation.set.map(({ name, value, append }) => `${append ? "+" : "="} ${name}: ${value}`),
  ];
}

function renderMessage(message: ReceivedMessage, nothing: string): string {
  if (message.fields === null) return ` ${nothing}.\n`;
  const end = message.reset ? `${INDENT}(cut off here)\n` : message.ended ? "" : `${INDENT}(never ends)\n`;
  const body = Buffer.concat(message.chunks);
  const trailers = message.trailers === null ? "" : `${INDENT}trailers\n${renderFields(message.trailers)}`;
  return `\n${renderFields(message.fields)}${body.length === 0 ? "" : `\n${renderBytes(body)}`}${trailers}${end}`;
}

function contentLines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.slice(INDENT.length));
}
