/** The constant answers of the grpc-js servers: for each workload what our processor answers with its function. */
import type { Phase, WorkloadName } from "../workloads.ts";

export interface ConstantAnswer {
  /** A ProcessingResponse as @grpc/proto-loader takes it, or what makes one of a body phase; null: none, the end says it. */
  readonly message: object | ((body: BodyPhase) => object) | null;
  /** The server ends the call with OK after it; "at-end": after the one to the last message. */
  readonly closes: boolean | "at-end";
}

/** An HttpBody as @grpc/proto-loader gives it. */
export interface BodyPhase {
  readonly body?: Uint8Array;
  readonly end_of_stream?: boolean;
}

/** Per phase; a phase that is missing is never sent, because an earlier answer closed the call. */
export type ConstantAnswers = Readonly<Partial<Record<Phase, ConstantAnswer>>>;

/** Ending the call with OK passes what is unanswered unchanged. */
const endOfCall: ConstantAnswer = { message: null, closes: true };

/** Each body phase is answered with nothing changed. */
const passing: ConstantAnswers = {
  request_headers: pass("request_headers"),
  response_headers: pass("response_headers"),
  response_body: { ...pass("response_body"), closes: "at-end" },
};

export const answersByWorkload: Readonly<Record<WorkloadName, ConstantAnswers>> = {
  bodies: {
    request_headers: pass("request_headers"),
    request_body: setHeaders("request_body", ["x-request-seen"]),
    response_headers: pass("response_headers"),
    response_body: closing(setHeaders("response_body", ["x-response-seen"])),
  },
  headers: {
    request_headers: setHeaders("request_headers", ["x-request-seen"]),
    response_headers: closing(setHeaders("response_headers", ["x-response-seen"])),
  },
  "immediate-close": {
    request_headers: endOfCall,
  },
  "request-header": {
    request_headers: closing(setHeaders("request_headers", ["x-request-seen"])),
  },
  "response-header": {
    request_headers: pass("request_headers"),
    response_headers: closing(setHeaders("response_headers", ["x-response-seen"])),
  },
  "response-body": {
    request_headers: pass("request_headers"),
    response_headers: pass("response_headers"),
    response_body: endOfCall,
  },
  complex: {
    request_headers: setHeaders("request_headers", fiftyNames()),
    response_headers: pass("response_headers"),
    response_body: closing(setHeaders("response_body", fiftyNames())),
  },
  "echo-buffered": echoing(({ body }) => ({ body })),
  "left-streamed": passing,
  "read-streamed": passing,
  "echo-streamed": echoing(({ body }) => ({ body })),
  "echo-duplex": echoing(({ body, end_of_stream }) => ({ streamed_response: { body, end_of_stream } })),
};

/** Sends each body phase back by the mutation `toMutation` makes of it. */
function echoing(toMutation: (body: BodyPhase) => object): ConstantAnswers {
  return {
    request_headers: pass("request_headers"),
    response_headers: pass("response_headers"),
    response_body: {
      message: (body: BodyPhase) => ({ response_body: { response: { body_mutation: toMutation(body) } } }),
      closes: "at-end",
    },
  };
}

function pass(phase: Phase): ConstantAnswer {
  return { message: { [phase]: {} }, closes: false };
}

function setHeaders(phase: Phase, names: readonly string[]): ConstantAnswer {
  const set_headers = names.map((key) => ({
    header: { key, raw_value: Buffer.from("yes", "latin1") },
    append: {},
    append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
  }));
  return { message: { [phase]: { response: { header_mutation: { set_headers } } } }, closes: false };
}

function closing(answer: ConstantAnswer): ConstantAnswer {
  return { message: answer.message, closes: true };
}

function fiftyNames(): string[] {
  return Array.from({ length: 50 }, (_, index) => `x-added-${index}`);
}
