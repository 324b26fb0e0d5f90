/** Opens the listening socket of a server: TCP or unix, cleartext or TLS with ALPN h2 (RFC 9113 section 3). */
import type { Socket, SocketHandler, TCPSocketListener, UnixSocketListener } from "bun";
import type { Http2ServerOptions, ListenAddress, TlsOptions } from "./contract.ts";
import { removeStaleSocket, setSocketMode, socketName } from "./unix-socket.ts";

/** What is known of an accepted socket: the connection made for it. */
export interface SocketData<T> {
  connection: T;
}

export interface Listener {
  readonly address: ListenAddress;
  stop(): void;
}

/** ALPN protocols in wire format: a length, then the name. */
const ALPN_H2 = "\x02h2";

export async function listen<T>(options: Http2ServerOptions, socket: SocketHandler<SocketData<T>>): Promise<Listener> {
  const { address } = options;
  const tls = options.tls === undefined ? undefined : tlsSettings(options.tls);
  const shared = { socket, ...(tls === undefined ? {} : { tls }) };
  if (address.kind === "tcp") {
    // The types of `Bun.listen` lack reusePort; they tolerate it in a variable.
    const settings = {
      ...shared,
      hostname: address.hostname,
      port: address.port,
      reusePort: options.reusePort === true,
    };
    const listener: TCPSocketListener<SocketData<T>> = Bun.listen<SocketData<T>>(settings);
    return { address: { ...address, port: listener.port }, stop: () => listener.stop() };
  }
  await removeStaleSocket(address.path);
  const listener: UnixSocketListener<SocketData<T>> = Bun.listen<SocketData<T>>({
    ...shared,
    unix: socketName(address.path),
  });
  setSocketMode(address.path, address.mode);
  return { address, stop: () => listener.stop() };
}

/** The socket as its connection uses it. */
export type AcceptedSocket<T> = Socket<SocketData<T>>;

function tlsSettings(tls: TlsOptions) {
  return {
    cert: tls.cert,
    key: tls.key,
    ALPNProtocols: ALPN_H2,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}
