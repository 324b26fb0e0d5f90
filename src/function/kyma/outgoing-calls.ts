/** Lets the calls a function makes, by `fetch` and by `node:http`, carry the trace they belong to. */
import { ClientRequest, type IncomingMessage } from "node:http";

/** One call somebody is about to make. */
export interface OutgoingCall {
  readonly method: string;
  readonly url: string;
}

/** Header fields for the call, and what to do when it was answered or failed. */
export interface TracedCall {
  readonly headers: Readonly<Record<string, string>>;
  /** A status, or why there is none. */
  end(outcome: number | Error): void;
}

/** Null for a call that is not to be traced. */
export type TraceCall = (call: OutgoingCall) => TracedCall | null;

/**
 * To be called before a function is loaded: it may keep `fetch` for itself. Nothing changes until `traceOutgoingCalls`.
 * Calls whose header fields are given as a flat list, or with `Expect: 100-continue`, stay as they are.
 */
export function patchOutgoingCalls(): void {
  if (patched) return;
  patched = true;
  globalThis.fetch = patchFetch(globalThis.fetch);
  patchClientRequest(ClientRequest.prototype as unknown as ClientRequestInside);
}

export function traceOutgoingCalls(trace: TraceCall): void {
  traceCall = trace;
}

let patched = false;
let traceCall: TraceCall = () => null;

type Fetch = typeof globalThis.fetch;

function patchFetch(original: Fetch): Fetch {
  const traced = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? input : null;
    const url = input instanceof Request ? input.url : input.toString();
    const call = traceCall({ method: init?.method?.toUpperCase() ?? request?.method ?? "GET", url });
    if (call === null) return original(input, init);
    const headers = new Headers(init?.headers ?? request?.headers);
    for (const [name, value] of Object.entries(call.headers)) headers.set(name, value);
    try {
      const response = await original(input, { ...init, headers });
      call.end(response.status);
      return response;
    } catch (error) {
      call.end(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  };
  return Object.assign(traced, { preconnect: original.preconnect.bind(original) });
}

/** What Node's client runs when the first byte is written and no header field can be set any more. */
interface ClientRequestInside extends ClientRequest {
  _implicitHeader(): void;
}

function patchClientRequest(prototype: ClientRequestInside): void {
  const original = prototype._implicitHeader;
  prototype._implicitHeader = function writeHead(this: ClientRequestInside): void {
    const { method, protocol, host, path } = this;
    const call = traceCall({ method, url: `${protocol}//${String(this.getHeader("host") ?? host)}${path}` });
    if (call !== null) {
      for (const [name, value] of Object.entries(call.headers)) this.setHeader(name, value);
      this.once("response", (response: IncomingMessage) => call.end(response.statusCode ?? 0));
      this.once("error", (error: Error) => call.end(error));
    }
    original.call(this);
  };
}
