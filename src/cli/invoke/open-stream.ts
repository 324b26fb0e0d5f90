/** The stream to the processor, through the ecosystem's own gRPC client. */
import { readFileSync } from "node:fs";
import { Client, type ClientDuplexStream, Metadata, credentials } from "@grpc/grpc-js";
import { CommandError } from "../command.ts";
import type { OpenStream } from "./play.ts";

const METHOD = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";

export interface TlsFiles {
  /** Certificates the processor's must be signed by; null: those of the system. */
  readonly ca: string | null;
  /** The client's own certificate and key. */
  readonly cert: string | null;
  readonly key: string | null;
  /** The name the processor's certificate must carry; null: that of the address. */
  readonly serverName: string | null;
}

export interface ProcessorConnection extends Disposable {
  readonly open: OpenStream;
  /** Resolves when the connection stands; rejects after `timeoutMs`. */
  waitUntilReady(timeoutMs: number): Promise<void>;
}

/** `address` is "host:port" or "unix:/path". @throws CommandError for files that cannot be read. */
export function connect(
  address: string,
  tls: TlsFiles | null,
  initialMetadata: readonly (readonly [string, string])[],
): ProcessorConnection {
  const client = new Client(address, tls === null ? credentials.createInsecure() : secure(tls), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.min_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 200,
    ...(typeof tls?.serverName === "string" && { "grpc.ssl_target_name_override": tls.serverName }),
  });
  const metadata = new Metadata();
  for (const [name, value] of initialMetadata) metadata.add(name, value);
  const open: OpenStream = ({ onMessage, onEnd }) => {
    const call: ClientDuplexStream<Uint8Array, Buffer> = client.makeBidiStreamRequest(
      METHOD,
      (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      (bytes: Buffer) => bytes,
      metadata,
    );
    call.on("data", onMessage);
    call.on("error", () => {}); // the status says the same
    call.on("status", ({ code, details }) => onEnd(code, details));
    return {
      write: (message) => void call.write(message),
      close() {
        call.end();
        call.cancel();
      },
    };
  };
  return {
    open,
    waitUntilReady: (timeoutMs) =>
      new Promise((resolve, reject) => {
        client.waitForReady(Date.now() + timeoutMs, (error) => (error === undefined ? resolve() : reject(error)));
      }),
    [Symbol.dispose]: () => client.close(),
  };
}

function secure({ ca, cert, key }: TlsFiles) {
  return credentials.createSsl(read(ca), read(key), read(cert));
}

function read(file: string | null): Buffer | null {
  if (file === null) return null;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
