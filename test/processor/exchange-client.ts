/** An independent ext_proc client without Envoy: one exchange with request headers only, through grpc-js. */
import { Client, credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { join } from "node:path";

export interface ExchangeClient extends Disposable {
  /**
   * Sends the request headers and resolves with what the function did: the headers it set, or the status it answered.
   * Rejects when the stream fails.
   */
  exchange(path: string, timeoutMs?: number): Promise<ExchangeAnswer>;
}

export interface ExchangeAnswer {
  readonly set: Readonly<Record<string, string>>;
  /** Status of an immediate answer; null when the request goes on. */
  readonly status: number | null;
}

interface ProcessingResponse {
  readonly request_headers?: { response?: { header_mutation?: { set_headers?: readonly HeaderOption[] } } };
  readonly immediate_response?: { status?: { code?: number } };
}
interface HeaderOption {
  readonly header?: { key: string; value?: string; raw_value?: Buffer };
}

const protos = join(import.meta.dir, "..", "..", "proto");
const definition = loadSync("envoy/service/ext_proc/v3/external_processor.proto", {
  includeDirs: [protos],
  keepCase: true,
  enums: Number,
});
loadPackageDefinition(definition);
const service = definition["envoy.service.ext_proc.v3.ExternalProcessor"];
const method = service !== undefined && "Process" in service ? service["Process"] : undefined;

/** A connection is made anew when the last one was lost. */
export function openExchangeClient(port: number): ExchangeClient {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.min_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 100,
    "grpc.use_local_subchannel_pool": 1,
  });
  return {
    exchange: (path, timeoutMs = 5000) => exchange(client, path, timeoutMs),
    [Symbol.dispose]: () => client.close(),
  };
}

function exchange(client: Client, path: string, timeoutMs: number): Promise<ExchangeAnswer> {
  if (typeof method !== "object" || !("requestSerialize" in method)) throw new Error("no Process in the protos");
  const { promise, resolve, reject } = Promise.withResolvers<ExchangeAnswer>();
  const call = client.makeBidiStreamRequest(
    "/envoy.service.ext_proc.v3.ExternalProcessor/Process",
    method.requestSerialize as (value: object) => Buffer,
    method.responseDeserialize as (bytes: Buffer) => ProcessingResponse,
    { deadline: Date.now() + timeoutMs },
  );
  call.on("data", (response: ProcessingResponse) => {
    resolve(readAnswer(response));
    call.end();
    call.cancel();
  });
  call.on("error", reject);
  call.on("end", () => reject(new Error("the stream ended without an answer")));
  const fields = { ":method": "GET", ":path": path, ":authority": "test.example", ":scheme": "http" };
  const headers = Object.entries(fields).map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));
  call.write({ request_headers: { headers: { headers }, end_of_stream: true } });
  return promise;
}

function readAnswer(response: ProcessingResponse): ExchangeAnswer {
  const options = response.request_headers?.response?.header_mutation?.set_headers ?? [];
  const set = options.map(({ header }) => [header?.key ?? "", header?.raw_value?.toString() || header?.value || ""]);
  return { set: Object.fromEntries(set), status: response.immediate_response?.status?.code ?? null };
}
