/** The user's function on one exchange: from its call to what becomes of its result. */
import type { MiddlewareResult, ResponseMessage } from "../../function/contract.ts";
import { ExchangeError } from "../../function/errors.ts";
import { becomeResponse } from "../become-response.ts";
import { beginningOf, takeBody } from "./answer-body.ts";
import { type Direction, RELEASE, RELEASE_FINALLY } from "./direction.ts";
import { ProxiedExchange } from "./exchange.ts";
import { isQuietEnd } from "./failure.ts";
import { type AnswerHead, namesCoding, toAnswerHead, withTrueCoding } from "./immediate-response.ts";
import { ProxiedResponse } from "./message.ts";
import type { MiddlewareService } from "./service.ts";
import type { Session } from "./session.ts";
import type { BodyPeek } from "./streamed-answer.ts";
import type { ImmediateAnswer } from "./wire/processing-response.ts";

/** Header names told of in the log: a server of somebody else's may send any number of them. */
const MOST_TOLD = 32;

/** What a run does to its exchange. */
export interface RunOwner {
  readonly service: MiddlewareService;
  readonly request: Direction;
  readonly response: Direction;
  readonly ended: boolean;
  /** Nobody applies what the function changes. */
  readonly isObserved: boolean;
  /** A response can be streamed to the client from here. */
  readonly canStreamAnswer: boolean;
  changedInVain(): void;
  answerImmediately(answer: ImmediateAnswer): void;
  answerStreamed(head: AnswerHead, body: BodyPeek): void;
  failed(error: unknown): void;
  /** It has nothing more to say. */
  functionDone(): void;
  progressed(): void;
}

export class FunctionRun {
  readonly #owner: RunOwner;
  readonly #exchange: ProxiedExchange;
  /** The function has nothing more to say: it settled, or failed. */
  done = false;
  /** A `Response` of the function is on its way to the client: nothing else may answer. */
  answering = false;
  /** That `Response` has begun to leave. */
  #streams = false;
  #next: PromiseWithResolvers<ResponseMessage> | null = null;
  #response: ProxiedResponse | null = null;

  constructor(session: Session) {
    this.#owner = session;
    this.#exchange = new ProxiedExchange(session);
  }

  /** The function waits for the response. */
  get awaitsResponse(): boolean {
    return this.#next !== null;
  }

  start(): void {
    let result: MiddlewareResult | Promise<MiddlewareResult>;
    try {
      result = this.#owner.service.run(this.#exchange, () => this.#callNext());
    } catch (error) {
      this.#owner.failed(error);
      return;
    }
    if (result instanceof Promise) {
      result.then(
        (value) => this.#settled(value),
        (error: unknown) => this.#owner.failed(error),
      );
    } else this.#settled(result);
  }

  /** The exchange goes on without the function, and without a `Response` of it that has not begun to leave. */
  giveUp(): void {
    this.done = true;
    if (!this.#streams) this.answering = false;
  }

  /** The response has arrived. */
  responseArrived(): void {
    this.#next?.resolve(this.#responseFace());
  }

  /** The exchange is over: whatever the function waits for will not come. */
  cancel(error: ExchangeError): void {
    if (this.#next === null) return;
    this.#next.promise.catch(() => {}); // the function may not be waiting for it
    this.#next.reject(error);
  }

  #callNext(): Promise<ResponseMessage> {
    if (this.#next !== null) return this.#next.promise;
    this.#next = Promise.withResolvers();
    const { ended, request, response } = this.#owner;
    if (ended) this.cancel(new ExchangeError("NO_RESPONSE", "the exchange is over"));
    else if (this.#streams || !request.takeBack()) {
      const why = "the function answers it, and what it read of it is nowhere else";
      this.cancel(new ExchangeError("BODY_ALREADY_SENT", `the request cannot go on: ${why}`));
    } else {
      request.release(RELEASE);
      if (response.begun || !request.begun) this.responseArrived();
      else request.compact();
    }
    return this.#next.promise;
  }

  #responseFace(): ProxiedResponse {
    return (this.#response ??= new ProxiedResponse(this.#owner.response));
  }

  #settled(value: MiddlewareResult | null): void {
    if (this.done || this.#owner.ended) return;
    if (value instanceof Response) {
      if (this.#owner.isObserved) {
        this.#owner.changedInVain();
        this.#finish();
      } else void this.#answerWith(value);
    } else if (value === undefined || value === null || value === this.#response) this.#finish();
    else this.#owner.failed(new TypeError(`the function returned ${describe(value)}: return a Response, or nothing`));
  }

  #finish(): void {
    this.done = true;
    const owner = this.#owner;
    owner.request.release(this.#next === null ? RELEASE_FINALLY : RELEASE);
    owner.functionDone();
    owner.progressed();
  }

  /** A body made of the upstream's as that comes can only go on in the upstream's response: that becomes this one. */
  #changeInto(message: ProxiedResponse, response: Response): void {
    try {
      becomeResponse(message, response);
    } catch (error) {
      this.#owner.failed(error);
      return;
    }
    this.#finish();
  }

  get #isResponseGone(): boolean {
    const { response } = this.#owner;
    return response.committed || response.released || response.headersUnseen;
  }

  #tellLeftOut(names: readonly string[]): void {
    const { log, told } = this.#owner.service;
    for (const name of names) {
      if (told.has(name) || told.size === MOST_TOLD) continue;
      told.add(name);
      const mend = "set allowEnvoyHeaders of the trigger and mutation_rules.allow_envoy of Envoy's filter to keep it";
      log.warn(`header "${name}" is left out of the function's answers: ${mend}`);
    }
  }

  async #answerWith(response: Response): Promise<void> {
    const owner = this.#owner;
    if (this.#isResponseGone) return owner.failed(responseGone());
    if (this.#response?.bodyOpened === true) return this.#changeInto(this.#response, response);
    this.answering = true;
    try {
      const { settings } = owner.service;
      const head = toAnswerHead(response, settings.allowEnvoyHeaders);
      this.#tellLeftOut(head.leftOut);
      if (!owner.response.begun) owner.request.answeredHere();
      const body = await takeBody(response, {
        maxBytes: settings.maxBodyBytes,
        // Of several lines of one name in a streamed answer Envoy keeps the last (1.37, 1.40).
        canStream: () => owner.canStreamAnswer && !head.lines.some(({ append }) => append),
        needsBeginning: namesCoding(head.lines),
      });
      if (!(body instanceof Uint8Array)) {
        const lines = withTrueCoding(head.lines, beginningOf(body), false);
        if (!this.done && !owner.ended) {
          this.#streams = true;
          owner.answerStreamed({ ...head, lines }, body);
        } else body.reader.cancel().catch(() => {}); // nobody reads what the stream does now
        return;
      }
      if (this.#isResponseGone) throw responseGone(); // its body may be made of the upstream's, read in STREAMED
      this.answering = false;
      const { status, grpcStatus } = head;
      const headers = withTrueCoding(head.lines, body, true);
      const answer = { status, headers, body, grpcStatus, details: this.#exchange.details };
      if (this.done) owner.progressed();
      else if (!owner.ended) owner.answerImmediately(answer);
    } catch (error) {
      this.answering = false;
      owner.failed(owner.ended ? error : notAnswered(error));
    }
  }
}

function responseGone(): ExchangeError {
  return new ExchangeError("HEADERS_SENT", "the response cannot be replaced: its headers went on");
}

/** Quiet is only the end of what was waited for: a `Response` without its body is an answer that got lost. */
function notAnswered(error: unknown): unknown {
  if (!isQuietEnd(error)) return error;
  const message = `the body of the function's Response did not come: ${(error as ExchangeError).message}`;
  return new ExchangeError("BODY_NOT_SENT", message, { cause: error });
}

function describe(value: unknown): string {
  if (typeof value !== "object") return `a ${typeof value}`;
  return value instanceof Request ? "a Request" : "an object that is neither a Response nor what next() gave";
}
