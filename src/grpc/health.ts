/** The health service of gRPC. https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
import { WireReader } from "../protobuf/reader.ts";
import { WireWriter } from "../protobuf/writer.ts";
import { StatusCode, type CallReceiver, type GrpcMethod, type GrpcService, type ServerCall } from "./contract.ts";
import { GrpcError } from "./grpc-error.ts";
import { unary } from "./handlers.ts";

/** Values of grpc.health.v1.HealthCheckResponse.ServingStatus. */
export const ServingStatus = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;
export type ServingStatus = (typeof ServingStatus)[keyof typeof ServingStatus];

/** The health of a server. The name "" stands for the server as a whole; it starts as SERVING. */
export class HealthRegistry {
  readonly #statuses = new Map<string, ServingStatus>([["", ServingStatus.SERVING]]);
  readonly #watchers = new Set<Watcher>();
  #draining = false;

  /** The service to put beside the others of a server. */
  readonly service: GrpcService = {
    name: "grpc.health.v1.Health",
    methods: {
      Check: unary({ decode: decodeRequest, encode: encodeResponse }, (service) => this.#check(service)),
      List: unary({ decode: decodeNothing, encode: encodeList }, () => this.#all()),
      Watch: this.#watchMethod(),
    },
  };

  /** Sets the status of one service; watchers are told when it changes. */
  set(service: string, status: ServingStatus): void {
    this.#statuses.set(service, status);
    this.#tellWatchers();
  }

  /** Every service is NOT_SERVING from here on, for good: the server is about to end. */
  drain(): void {
    this.#draining = true;
    this.#tellWatchers();
  }

  /** Undefined for a service never set. */
  get(service: string): ServingStatus | undefined {
    const status = this.#statuses.get(service);
    return status !== undefined && this.#draining ? ServingStatus.NOT_SERVING : status;
  }

  #check(service: string): ServingStatus {
    const status = this.get(service);
    if (status === undefined) throw new GrpcError(StatusCode.NOT_FOUND, `unknown service ${service}`);
    return status;
  }

  #all(): ReadonlyMap<string, ServingStatus> {
    return new Map(this.#statuses.keys().map((service) => [service, this.#check(service)]));
  }

  #watchMethod(): GrpcMethod {
    return {
      open: (call) => {
        const watcher = new Watcher(call, this, this.#watchers);
        this.#watchers.add(watcher);
        return watcher;
      },
    };
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher.update();
  }
}

/** One Watch call: it stays open until the client leaves. */
class Watcher implements CallReceiver {
  readonly #call: ServerCall;
  readonly #registry: HealthRegistry;
  readonly #watchers: Set<Watcher>;
  #service: string | null = null;
  #told: ServingStatus | null = null;

  constructor(call: ServerCall, registry: HealthRegistry, watchers: Set<Watcher>) {
    this.#call = call;
    this.#registry = registry;
    this.#watchers = watchers;
  }

  /** Tells the client the status when it is another than the one it knows. */
  update(): void {
    if (this.#service === null) return;
    const status = this.#registry.get(this.#service) ?? ServingStatus.SERVICE_UNKNOWN;
    if (status === this.#told) return;
    this.#told = status;
    this.#call.send(encodeResponse(status));
  }

  onMessage(bytes: Uint8Array, start: number, end: number): void {
    this.#service = decodeRequest(bytes.subarray(start, end));
    this.update();
  }

  onHalfClose(): void {
    if (this.#service !== null) return;
    this.#watchers.delete(this);
    this.#call.end({ code: StatusCode.INTERNAL, message: "a single request was expected, 0 came" });
  }

  onCancel(): void {
    this.#watchers.delete(this);
  }

  onWritable(): void {}
}

/** The `service` of a HealthCheckRequest. */
function decodeRequest(bytes: Uint8Array): string {
  const reader = new WireReader(bytes);
  let service = "";
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) service = reader.string();
    else reader.skip(tag);
  }
  return service;
}

function decodeNothing(): null {
  return null;
}

/** A HealthCheckResponse. */
function encodeResponse(status: ServingStatus): Uint8Array {
  return Uint8Array.of(0x08, status);
}

/** A HealthListResponse. */
function encodeList(statuses: ReadonlyMap<string, ServingStatus>): Uint8Array {
  const writer = new WireWriter();
  writer.begin();
  for (const [service, status] of statuses) {
    const entry = writer.open(0x0a);
    writer.string(0x0a, service);
    writer.bytes(0x12, encodeResponse(status));
    writer.close(entry);
  }
  return writer.finish();
}
