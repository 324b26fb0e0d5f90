/** Serves the interoperability test service, health and reflection in cleartext on 127.0.0.1: `bun test/interop/server.ts --port N`. */
import { parseArgs } from "node:util";
import { createGrpcAcceptor } from "../../src/grpc/acceptor.ts";
import type { GrpcObserver } from "../../src/grpc/contract.ts";
import { HealthRegistry } from "../../src/grpc/health.ts";
import { createReflectionServices } from "../../src/grpc/reflection.ts";
import type { Http2Server } from "../../src/http2/contract.ts";
import { openHttp2Server } from "../../src/http2/server.ts";
import { testService } from "./test-service.ts";

/** Opens the server; port 0 takes a free one. */
export function openTestServer(port: number, observer?: GrpcObserver): Promise<Http2Server> {
  const own = [testService, new HealthRegistry().service];
  const services = [...own, ...createReflectionServices(own.map((service) => service.name))];
  const acceptor = createGrpcAcceptor(observer === undefined ? { services } : { services, observer });
  return openHttp2Server({ address: { kind: "tcp", hostname: "127.0.0.1", port } }, acceptor);
}

/** The TCP port a server listens on. */
export function portOf(server: Http2Server): number {
  return server.address.kind === "tcp" ? server.address.port : 0;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
  const server = await openTestServer(Number(values.port));
  console.log(`listening on 127.0.0.1:${portOf(server)}`);
}
