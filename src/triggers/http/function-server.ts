/** What a function sees of the server in front of it, and its WebSockets. */
import type { FetchServer, FunctionSocket, WebSocketHandlers } from "../../function/contract.ts";

export type WebServer = Bun.Server<unknown>;

export class FunctionServer implements FetchServer {
  readonly #websocket: WebSocketHandlers | null;
  readonly #upgraded = new WeakSet<Request>();
  #server: WebServer | null = null;

  constructor(websocket: WebSocketHandlers | null) {
    this.#websocket = websocket;
  }

  attach(server: WebServer): void {
    this.#server = server;
  }

  upgrade(request: Request, options: { headers?: Headers | Record<string, string>; data?: unknown } = {}): boolean {
    if (this.#websocket === null) {
      throw new Error("upgrade needs the handlers of the WebSocket: export default { fetch, websocket }");
    }
    const { headers, data } = options;
    const isUpgraded = this.#server?.upgrade(request, { data, ...(headers !== undefined && { headers }) }) === true;
    if (isUpgraded) this.#upgraded.add(request);
    return isUpgraded;
  }

  requestIP(request: Request): ReturnType<FetchServer["requestIP"]> {
    return this.#server?.requestIP(request) ?? null;
  }

  upgraded(request: Request): boolean {
    return this.#upgraded.has(request);
  }
}

export interface TrackedSockets {
  readonly handlers: Bun.WebSocketHandler<unknown>;
  /** Closes every socket: 1001, going away. */
  goAway(): void;
}

/** The function's handlers, with options of the runtime's that it may give beside them. */
export function trackSockets(websocket: WebSocketHandlers | null): TrackedSockets {
  const open = new Set<FunctionSocket>();
  const handlers: WebSocketHandlers = websocket ?? { message: () => {} };
  return {
    handlers: {
      ...handlers,
      message: (socket, message) => handlers.message(socket, message),
      open(socket) {
        open.add(socket);
        return handlers.open?.(socket);
      },
      drain: (socket) => handlers.drain?.(socket),
      close(socket, code, reason) {
        open.delete(socket);
        return handlers.close?.(socket, code, reason);
      },
    },
    goAway() {
      for (const socket of open) socket.close(1001, "the server is going away");
    },
  };
}
