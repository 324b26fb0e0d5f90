/** What is asked of the servers: the phases of an exchange, Envoy's processing mode, and the function that answers. */

/** A message of an exchange, named after its member of the oneof in ProcessingRequest. */
export type Phase = "request_headers" | "request_body" | "response_headers" | "response_body";

export type WorkloadName =
  | "bodies"
  | "headers"
  | "immediate-close"
  | "request-header"
  | "response-header"
  | "response-body"
  | "complex"
  | "echo-buffered"
  | "left-streamed"
  | "read-streamed"
  | "echo-streamed"
  | "echo-duplex";

export interface Workload {
  readonly name: WorkloadName;
  readonly title: string;
  /** What the proxy sends, in order; a server that ends the call early is not sent the rest. */
  readonly phases: readonly Phase[];
  /** envoy.extensions.filters.http.ext_proc.v3.ProcessingMode */
  readonly processingMode: Readonly<
    Record<string, "SEND" | "SKIP" | "NONE" | "BUFFERED" | "STREAMED" | "FULL_DUPLEX_STREAMED">
  >;
  /** The server ends the call with OK instead of answering the first message: nothing is changed. */
  readonly endsUnanswered?: true;
  /** Bytes of the upstream's answers when the traffic goes through Envoy. */
  readonly responseBytes: number;
}

const headersBothWays = { request_header_mode: "SEND", response_header_mode: "SEND" } as const;
const responseBuffered = { ...headersBothWays, response_body_mode: "BUFFERED" } as const;
const responseStreamed = { ...headersBothWays, response_body_mode: "STREAMED" } as const;
const responseDuplex = {
  ...headersBothWays,
  response_body_mode: "FULL_DUPLEX_STREAMED",
  response_trailer_mode: "SEND",
} as const;
const responseWithBody = ["request_headers", "response_headers", "response_body"] as const;

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  bodies: {
    name: "bodies",
    title: "four messages, bodies of 1 KiB read, one header set each way",
    phases: ["request_headers", "request_body", "response_headers", "response_body"],
    processingMode: { ...headersBothWays, request_body_mode: "BUFFERED", response_body_mode: "BUFFERED" },
    responseBytes: 1024,
  },
  headers: {
    name: "headers",
    title: "one header set each way",
    phases: ["request_headers", "response_headers"],
    processingMode: headersBothWays,
    responseBytes: 16,
  },
  "immediate-close": {
    name: "immediate-close",
    title: "nothing changed, closed after the request headers",
    endsUnanswered: true,
    phases: ["request_headers", "response_headers"],
    processingMode: headersBothWays,
    responseBytes: 16,
  },
  "request-header": {
    name: "request-header",
    title: "one request header added, then closed",
    phases: ["request_headers", "response_headers"],
    processingMode: headersBothWays,
    responseBytes: 16,
  },
  "response-header": {
    name: "response-header",
    title: "one response header added, then closed",
    phases: ["request_headers", "response_headers"],
    processingMode: headersBothWays,
    responseBytes: 16,
  },
  "response-body": {
    name: "response-body",
    title: "response body of 2,000 bytes buffered and read",
    phases: ["request_headers", "response_headers", "response_body"],
    processingMode: responseBuffered,
    responseBytes: 2000,
  },
  complex: {
    name: "complex",
    title: "fifty headers set each way, the response's with its buffered body",
    phases: ["request_headers", "response_headers", "response_body"],
    processingMode: responseBuffered,
    responseBytes: 2000,
  },
  "echo-buffered": {
    name: "echo-buffered",
    title: "response body sent back whole",
    phases: responseWithBody,
    processingMode: responseBuffered,
    responseBytes: 1024,
  },
  "left-streamed": {
    name: "left-streamed",
    title: "response body let through as it flows",
    phases: responseWithBody,
    processingMode: responseStreamed,
    responseBytes: 1024,
  },
  "read-streamed": {
    name: "read-streamed",
    title: "response body read as it flows",
    phases: responseWithBody,
    processingMode: responseStreamed,
    responseBytes: 1024,
  },
  "echo-streamed": {
    name: "echo-streamed",
    title: "response body sent back chunk by chunk",
    phases: responseWithBody,
    processingMode: responseStreamed,
    responseBytes: 1024,
  },
  "echo-duplex": {
    name: "echo-duplex",
    title: "response body read and sent back as it flows",
    phases: responseWithBody,
    processingMode: responseDuplex,
    responseBytes: 1024,
  },
};

/** What Envoy's own benchmark of the filter measures, beside the proxy without a processor. */
export const envoyShapes: readonly WorkloadName[] = [
  "immediate-close",
  "request-header",
  "response-header",
  "response-body",
  "complex",
];
