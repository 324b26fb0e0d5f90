/** Requests as events, for functions that take them whole. */
import type { FunctionEvent } from "../../event/contract.ts";
import type { EventCall, EventFunction } from "../../function/event-function.ts";
import type { Logger } from "../../telemetry/log.ts";
import { answerFailure, logBreak, toResponse } from "./answer.ts";
import type { HttpService, RequestStart } from "./contract.ts";
import { answerWithFile, namedFile } from "./file-answer.ts";
import { readBody } from "./read-body.ts";
import { splitUrl } from "./split-url.ts";

export function serveEvents(invoke: EventFunction["invoke"], service: HttpService): RequestStart {
  const pass = (answer: Response): Response => answer;
  const failed = (error: unknown): Response => answerFailure(error, service);
  return (request, resolve) => service.pending.settle(request, serve(request, invoke, service), pass, failed, resolve);
}

async function serve(request: Request, invoke: EventFunction["invoke"], service: HttpService): Promise<Response> {
  const body = await readBody(request, service.maxBodyBytes, service.readTimeoutMs);
  if (body.kind !== "whole") return answerUnread(body.kind, service);
  const event = toEvent(request, body.bytes, service);
  const startedAt = performance.now();
  try {
    const result = await invoke(event, new RequestCall(request, service.log, event.id));
    const file = namedFile(result);
    const broke = (error: unknown): void => logBreak(error, service);
    const response = file === null ? toResponse(result, broke) : await answerWithFile(result, file);
    service.metrics.ended(response.status < 500, performance.now() - startedAt);
    return response;
  } catch (error) {
    service.metrics.ended(false, performance.now() - startedAt);
    return answerFailure(error, service);
  }
}

/** The log and the signal of a call are made when somebody asks for them. */
class RequestCall implements EventCall {
  readonly #request: Request;
  readonly #log: Logger;
  readonly #id: string;
  #bound: Logger | null = null;

  constructor(request: Request, log: Logger, id: string) {
    this.#request = request;
    this.#log = log;
    this.#id = id;
  }

  get log(): Logger {
    return (this.#bound ??= this.#log.child({ event: this.#id }));
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }
}

function toEvent(request: Request, body: Uint8Array, { trigger, server }: HttpService): FunctionEvent {
  const { url, path, query } = splitUrl(request.url);
  const headers: [string, string][] = [];
  for (const line of request.headers) headers.push(line);
  const id = crypto.randomUUID();
  return {
    id,
    trigger,
    timestamp: new Date(),
    method: request.method,
    path,
    query,
    headers,
    body,
    url,
    // Few functions look at it.
    get remoteAddress() {
      return server.requestIP(request)?.address ?? "";
    },
  };
}

function answerUnread(kind: "too-large" | "timed-out" | "gone", service: HttpService): Response {
  if (kind === "gone") return gone();
  service.metrics.ended(false, null);
  if (kind === "too-large") return service.bodyTooLarge();
  return new Response(null, { status: 408, headers: { connection: "close" } });
}

/** Nobody sees it. */
function gone(): Response {
  return new Response(null, { status: 499 });
}
