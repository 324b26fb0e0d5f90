/** Where `next()` leads: to the upstream, as a gateway, or to nothing. */
import { ExchangeError } from "../../../function/errors.ts";
import type { Logger } from "../../../telemetry/log.ts";
import { withoutHopByHop } from "./hop-by-hop.ts";
import { type HttpRequestMessage, HttpResponseMessage } from "./message.ts";

export interface NextOptions {
  /** An origin; null: there is nothing behind the function. */
  readonly upstream: string | null;
  readonly maxBodyBytes: number;
  readonly log: Logger;
}

/** 404 without an upstream, 502 when it does not answer. Rejects with `CANCELLED` when the client is gone. */
export async function sendOn(
  request: HttpRequestMessage,
  signal: AbortSignal,
  { upstream, maxBodyBytes, log }: NextOptions,
): Promise<HttpResponseMessage> {
  if (upstream === null) return new HttpResponseMessage(404, [], null, maxBodyBytes);
  try {
    const response = await fetch(`${upstream}${request.path}`, { ...(await toInit(request)), signal });
    const lines = withoutHopByHop(response.headers).flat();
    return new HttpResponseMessage(response.status, lines, response.body, maxBodyBytes);
  } catch (error) {
    if (signal.aborted) throw new ExchangeError("CANCELLED", "the client is gone", { cause: error });
    if (error instanceof ExchangeError) throw error;
    log.warn({ error: String(error), upstream }, "the upstream does not answer");
    return new HttpResponseMessage(502, [], null, maxBodyBytes);
  }
}

/** Nothing is added that the client did not ask for, and the answer comes as it is. */
async function toInit(request: HttpRequestMessage): Promise<BunFetchRequestInit> {
  const { body, lines } = await request.release();
  const headers = new Headers();
  for (const [name, value] of withoutHopByHop(lines)) headers.append(name, value);
  headers.set("host", request.authority);
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  const { method } = request;
  return {
    method,
    headers,
    redirect: "manual",
    decompress: false,
    // The upstream's time is its own; what bounds the exchange is the client, and `eventTimeout`.
    timeout: false,
    ...(body !== null && method !== "GET" && method !== "HEAD" && { body: body as Bun.BodyInit }),
  };
}
