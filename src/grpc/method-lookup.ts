/** Finds the method of a path "/package.Service/Method". */
import type { GrpcMethod, GrpcService } from "./contract.ts";

/** Methods by path. */
export type MethodTable = ReadonlyMap<string, GrpcMethod>;

export function buildMethodTable(services: readonly GrpcService[]): MethodTable {
  const table = new Map<string, GrpcMethod>();
  for (const service of services) {
    for (const [name, method] of Object.entries(service.methods)) table.set(`/${service.name}/${name}`, method);
  }
  return table;
}

/** Why a path has no method: the message of the UNIMPLEMENTED status. */
export function explainMissingMethod(table: MethodTable, path: string): string {
  const slash = path.lastIndexOf("/");
  if (!path.startsWith("/") || slash < 1) return `malformed method name: ${JSON.stringify(path)}`;
  const service = path.slice(1, slash);
  const known = table.keys().some((served) => served.startsWith(`/${service}/`));
  return known ? `unknown method ${path.slice(slash + 1)} for service ${service}` : `unknown service ${service}`;
}
