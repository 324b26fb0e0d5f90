/** A call of `grpc.health.v1.Health/Check` for the server as a whole, through the ecosystem's own client. */
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { ServingStatus } from "../grpc/health.ts";
import { WireReader } from "../protobuf/reader.ts";
import type { HealthAnswer } from "./health.ts";

/** `address` is "host:port" or "unix:/path". */
export function askGrpcHealth(address: string, timeoutMs: number): Promise<HealthAnswer> {
  const client = new Client(address, credentials.createInsecure());
  const { promise, resolve } = Promise.withResolvers<HealthAnswer>();
  client.makeUnaryRequest(
    "/grpc.health.v1.Health/Check",
    () => Buffer.alloc(0),
    decodeStatus,
    null,
    { deadline: Date.now() + timeoutMs },
    (error, answer) => {
      if (error !== null) resolve({ serving: false, reason: describeError(error, timeoutMs) });
      else if (answer === ServingStatus.SERVING) resolve({ serving: true });
      else resolve({ serving: false, reason: "it says NOT_SERVING" });
    },
  );
  return promise.finally(() => client.close());
}

/** Field 1 of HealthCheckResponse. */
function decodeStatus(bytes: Buffer): number {
  const reader = new WireReader(bytes);
  let answer: number = ServingStatus.UNKNOWN;
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) answer = reader.int32();
    else reader.skip(tag);
  }
  return answer;
}

function describeError(error: ServiceError, timeoutMs: number): string {
  if (error.code === status.DEADLINE_EXCEEDED) return `no answer within ${timeoutMs} ms`;
  if (error.code === status.UNAVAILABLE) return "nobody serves gRPC there";
  return `${status[error.code]}: ${error.details}`;
}
