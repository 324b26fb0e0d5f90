/** Free TCP ports. */

/** Ports nobody listens on now, all different. Another process could still take one before it is used. */
export function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () =>
    Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } }),
  );
  const ports = listeners.map((listener) => listener.port);
  for (const listener of listeners) listener.stop(true);
  return ports;
}

export function freePort(): number {
  const [port] = freePorts(1);
  if (port === undefined) throw new Error("no free port");
  return port;
}
