/** Turns HTTP/2 streams into calls of the services: what is no gRPC or not served is answered here. */
import type { FieldLines, Http2Acceptor, Http2Stream, Http2StreamHandler } from "../http2/contract.ts";
import { isGrpcContentType } from "./content-type.ts";
import { StatusCode, type GrpcServerOptions, type GrpcStatus } from "./contract.ts";
import { ACCEPTED_CODINGS, parseMessageCoding } from "./message-coding.ts";
import { buildMethodTable, explainMissingMethod } from "./method-lookup.ts";
import { readRequestFields } from "./request-fields.ts";
import { GrpcCall, type CallLimits } from "./server-call.ts";
import { trailersOnly } from "./status-fields.ts";
import { parseTimeout } from "./timeout.ts";

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const NOT_POST: FieldLines = [":status", "405", "allow", "POST"];
const NOT_GRPC: FieldLines = [":status", "415", "accept", "application/grpc"];

/** For streams that have their whole answer. */
const ANSWERED: Http2StreamHandler = {
  onData() {},
  onEnd() {},
  onReset() {},
  onWritable() {},
};

/** Serves gRPC on the streams of an HTTP/2 server. */
export function createGrpcAcceptor(options: GrpcServerOptions): Http2Acceptor {
  const methods = buildMethodTable(options.services);
  const limits: CallLimits = {
    maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
    observer: options.observer,
  };

  function onStream(stream: Http2Stream, fields: FieldLines, endStream: boolean): Http2StreamHandler {
    const request = readRequestFields(fields);
    if (request.method !== "POST") return refuse(stream, NOT_POST);
    if (!isGrpcContentType(request.contentType)) return refuse(stream, NOT_GRPC);
    const method = methods.get(request.path);
    if (method === undefined) {
      const message = explainMissingMethod(methods, request.path);
      return refuseCall(stream, { code: StatusCode.UNIMPLEMENTED, message });
    }
    const coding = parseMessageCoding(request.encoding);
    if (coding === undefined) {
      const message = `unknown grpc-encoding ${request.encoding ?? ""}`;
      const metadata = [["grpc-accept-encoding", ACCEPTED_CODINGS]] as const;
      return refuseCall(stream, { code: StatusCode.UNIMPLEMENTED, message, metadata });
    }
    const timeoutMs = request.timeout === undefined ? null : parseTimeout(request.timeout);
    if (timeoutMs === null && request.timeout !== undefined) {
      return refuseCall(stream, { code: StatusCode.INTERNAL, message: `malformed grpc-timeout ${request.timeout}` });
    }
    const call = new GrpcCall(request.path, stream, fields, coding, limits);
    call.open(method, timeoutMs, endStream);
    return call;
  }

  return { onStream };
}

function refuseCall(stream: Http2Stream, status: GrpcStatus): Http2StreamHandler {
  return refuse(stream, trailersOnly(status));
}

function refuse(stream: Http2Stream, fields: FieldLines): Http2StreamHandler {
  stream.sendHeaders(fields, true);
  return ANSWERED;
}
