/** The Digital Hub types that may change an exchange: `preprocessor`, `postprocessor` and `wrapprocessor`. */
import type { MiddlewareResult } from "../../../function/contract.ts";
import type { NuclioFunction } from "../../../function/nuclio/open.ts";
import { collectResult } from "../../../function/nuclio/result.ts";
import { applyAnswer, applyContent, toResponse } from "./apply.ts";
import type { ProcessedExchange, ProcessedRequest, ProcessedResponse, Processor } from "./contract.ts";
import { createProcessingEvent } from "./event.ts";
import { comesWithBody, phaseOf } from "./processing-phase.ts";
import { toVerdict, type Verdict } from "./verdict.ts";

export interface ProcessorOptions {
  /** `processingOptions.bufferStreamedBodies` */
  readonly bufferStreamedBodies: boolean;
  /** `processingOptions.updateExtProcHeader`: the name to add to the response header `x-extproc-names`; null adds none. */
  readonly announcedName: string | null;
  /** `processingOptions.updateDurationHeader` */
  readonly updateDurationHeader: boolean;
}

/** What a handler gives is applied after it succeeded; a failure rejects, for the original to pass. */
export function createProcessor(
  type: "preprocessor" | "postprocessor" | "wrapprocessor",
  handler: NuclioFunction,
  options: ProcessorOptions,
): Processor {
  const processesRequest = type !== "postprocessor";
  const processesResponse = type !== "preprocessor";
  const annotates = options.announcedName !== null || options.updateDurationHeader;
  return async (exchange, next) => {
    const run = new Run(handler, options, exchange);
    if (processesRequest && exchange.requestSeen) {
      const answer = await run.processRequest();
      if (answer !== undefined) return answer;
    }
    if (processesResponse) await run.processResponse(await next());
    else if (annotates) run.annotate(await next());
    return undefined;
  };
}

/** One exchange's way through a handler. */
class Run {
  readonly #handler: NuclioFunction;
  readonly #options: ProcessorOptions;
  readonly #exchange: ProcessedExchange;
  readonly #startedAt = new Date();
  /** Spent in the handler. */
  #durationNs = 0;

  constructor(handler: NuclioFunction, options: ProcessorOptions, exchange: ProcessedExchange) {
    this.#handler = handler;
    this.#options = options;
    this.#exchange = exchange;
  }

  /** The answer that keeps the request from going upstream; undefined when it goes. */
  async processRequest(): Promise<MiddlewareResult> {
    const { request } = this.#exchange;
    const body = this.#comesWithBody(request) ? await request.bytes() : null;
    const verdict = await this.#call("request", request, body);
    if (verdict.kind === "answer") return toResponse(verdict);
    applyContent(request, verdict.content, body);
    return undefined;
  }

  async processResponse(response: ProcessedResponse): Promise<void> {
    const withBody = this.#comesWithBody(response);
    // Reading a streamed body sends the headers: what is to be in them comes first.
    const annotatesFirst = withBody && response.bodyDelivery === "streamed";
    if (annotatesFirst) this.annotate(response);
    const body = withBody ? await response.bytes() : null;
    const verdict = await this.#call("response", response, body);
    if (verdict.kind === "answer") applyAnswer(response, verdict, body);
    else applyContent(response, verdict.content, body);
    if (!annotatesFirst) this.annotate(response);
  }

  /** Adds the response headers that `processingOptions` ask for. */
  annotate({ headers }: ProcessedResponse): void {
    const { announcedName, updateDurationHeader } = this.#options;
    if (announcedName !== null) headers.append("x-extproc-names", announcedName);
    if (updateDurationHeader) headers.append("x-extproc-duration-ns", String(this.#durationNs));
  }

  #comesWithBody(message: ProcessedRequest | ProcessedResponse): boolean {
    return comesWithBody(message.bodyDelivery, this.#options.bufferStreamedBodies);
  }

  async #call(
    direction: "request" | "response",
    message: ProcessedRequest | ProcessedResponse,
    body: Uint8Array | null,
  ): Promise<Verdict> {
    const { request, log } = this.#exchange;
    const event = createProcessingEvent({
      phase: phaseOf(direction, body !== null),
      method: request.method,
      path: request.path,
      headers: message.headers,
      body: body ?? new Uint8Array(0),
      trigger: this.#handler.trigger,
      timestamp: this.#startedAt,
    });
    const calledAt = Bun.nanoseconds();
    const result = await collectResult(await this.#handler.invoke(event, this.#exchange));
    this.#durationNs += Bun.nanoseconds() - calledAt;
    return toVerdict(result, log);
  }
}
