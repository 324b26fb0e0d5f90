/** An exchange as one JSON object, for programs. */
import type { ProcessorAnswer, RequestPhase } from "./envoy/model.ts";
import { type ExchangeRecord, type ReceivedMessage, type Step, isCompleted } from "./record.ts";

/**
 * `{completed, steps, upstream, client, details}`. Bodies are `{text}` where they are UTF-8, else `{base64}`; steps are
 * the messages of both sides in the model's own shape, in order.
 */
export function reportExchange(record: ExchangeRecord): object {
  return {
    completed: isCompleted(record),
    upstream: reportMessage(record.upstream),
    client: reportMessage(record.client),
    details: record.details,
    steps: record.steps.map(reportStep),
  };
}

function reportStep(step: Step): object {
  switch (step.kind) {
    case "sent": {
      const { phase, ...rest } = step.message;
      return { kind: "sent", ...rest, phase: reportPhase(phase) };
    }
    case "received": {
      const { answer, ...rest } = step.response;
      return { kind: "received", answer: answer === null ? null : reportAnswer(answer), ...rest };
    }
    case "verdict":
    case "status":
      return step;
  }
}

function reportPhase(phase: RequestPhase): object {
  if (phase.kind !== "body") return phase;
  return { kind: "body", body: reportBody(phase.bytes), endOfStream: phase.endOfStream };
}

function reportAnswer(answer: ProcessorAnswer): object {
  switch (answer.kind) {
    case "headers":
    case "body": {
      const { bodyMutation, ...common } = answer.common;
      if (bodyMutation === null || bodyMutation.kind === "clearBody") return answer;
      const { bytes, ...mutation } = bodyMutation;
      return { ...answer, common: { ...common, bodyMutation: { ...mutation, body: reportBody(bytes) } } };
    }
    case "trailers":
      return answer;
    case "immediate":
      return { ...answer, body: reportBody(answer.body) };
    case "streamedImmediate":
      return { kind: answer.kind, part: reportPhase(answer.part) };
  }
}

function reportMessage({ fields, chunks, trailers, ended, reset }: ReceivedMessage): object | null {
  if (fields === null) return null;
  return { fields, body: reportBody(Buffer.concat(chunks)), trailers, ended, reset };
}

/** `{text}` where the bytes are UTF-8. */
export function reportBody(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString();
  return Buffer.from(text).equals(buffer) ? { text } : { base64: buffer.toString("base64") };
}
