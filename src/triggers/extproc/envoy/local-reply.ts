/** Responses Envoy makes itself: immediate answers of the server, and its own errors. */
import type { EnvoyConfig, HttpOutput, ImmediateResponse, Issue, Lines } from "./contract.ts";
import { mutateLines } from "./mutate-lines.ts";

export interface LocalReply {
  readonly output: HttpOutput;
  readonly issues: readonly Issue[];
}

/** @param request the request's header lines: gRPC clients get trailers instead of a body. */
export function localReply(reply: ImmediateResponse, request: Lines, config: EnvoyConfig): LocalReply {
  const isGrpc = valueOf(request, "content-type")?.startsWith("application/grpc") === true;
  const status = isGrpc ? 200 : reply.status;
  const base: (readonly [string, string])[] = [[":status", String(status)]];
  if (!isGrpc && reply.body.length > 0) {
    base.push(["content-length", String(reply.body.length)], ["content-type", "text/plain"]);
  }
  const scope = { config, mayChangeMethod: false, ownsLength: false };
  const { lines, issues } = mutateLines(base, reply.mutation, scope);
  // The reply goes out whatever became of its headers.
  const harmless = issues.map((issue): Issue => ({ ...issue, kind: "rejected" }));
  if (isGrpc) {
    const grpcStatus = reply.grpcStatus ?? grpcStatusOf(reply.status);
    const message = encodeURIComponent(Buffer.from(reply.body).toString());
    const grpc: Lines = [
      ["content-type", "application/grpc"],
      ["grpc-status", String(grpcStatus)],
      ...(message === "" ? [] : [["grpc-message", message] as const]),
    ];
    return { output: complete([...without(lines, "content-type"), ...grpc], []), issues: harmless };
  }
  const framing = reply.body.length === 0 ? without(without(lines, "content-type"), "content-length") : lines;
  return { output: complete(framing, reply.body.length === 0 ? [] : [reply.body]), issues: harmless };
}

/** The mapping of gRPC's HTTP statuses ("http-grpc-status-mapping" of its documentation). */
function grpcStatusOf(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

function complete(lines: Lines, chunks: readonly Uint8Array[]): HttpOutput {
  return { lines, chunks, trailers: null, ended: true, reset: false };
}

function valueOf(lines: Lines, name: string): string | undefined {
  return lines.find(([other]) => other === name)?.[1];
}

function without(lines: Lines, name: string): Lines {
  return lines.filter(([other]) => other !== name);
}
