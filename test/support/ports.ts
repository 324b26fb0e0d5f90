/** Free TCP ports. */

/** The system gives a port again as soon as it is free, also when it was only noted for something that starts later. */
const given = new Set<number>();

/** Ports nobody listens on now, each given once. Another process could still take one before it is used. */
export function freePorts(count: number): number[] {
  const ports: number[] = [];
  const listeners: Disposable[] = [];
  while (ports.length < count) {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    listeners.push(listener);
    if (given.has(listener.port)) continue;
    given.add(listener.port);
    ports.push(listener.port);
  }
  for (const listener of listeners) listener[Symbol.dispose]();
  return ports;
}

export function freePort(): number {
  const [port] = freePorts(1);
  if (port === undefined) throw new Error("no free port");
  return port;
}
