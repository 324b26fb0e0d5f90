/** Which content types are gRPC: "application/grpc", with an optional subtype ("+proto") or parameters. */

const GRPC = "application/grpc";

export function isGrpcContentType(value: string | undefined): boolean {
  if (value === GRPC) return true;
  if (value === undefined || value.length <= GRPC.length) return false;
  const next = value[GRPC.length];
  return value.slice(0, GRPC.length).toLowerCase() === GRPC && (next === "+" || next === ";" || next === " ");
}
