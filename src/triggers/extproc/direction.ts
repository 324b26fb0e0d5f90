/**
 * One direction of an exchange, request or response: which phases the proxy sent, what of them is unanswered, and what
 * the function changed. How bodies flow is up to the subclass for the direction's body mode.
 *
 * A direction lives through: headers arrive, the function reads and changes, `release` fixes the message, its changes
 * leave with the last answer that can carry them, everything after that passes unchanged.
 */
import { ExchangeError } from "../../function/errors.ts";
import { FieldList, type HeaderChanges, type HeaderGuard } from "../../function/header-list.ts";
import type { BodyMode } from "./body-mode.ts";
import { bodyNotSentText } from "./body-on-demand.ts";
import type { DirectionOwner } from "./direction-owner.ts";
import { HeaderMap } from "./wire/header-map.ts";
import { Phase, type Span } from "./wire/processing-request.ts";
import { encodeTrailersAnswer, unchangedAnswer } from "./wire/processing-response.ts";

/** A new body as the function assigned it; a stream is collected when the message is released. */
export type Replacement = Uint8Array | ReadableStream<Uint8Array>;

export interface ReleaseOptions {
  /** Nothing more of the exchange is wanted after this message: what is unchanged needs no answer. */
  readonly final: boolean;
  /** The function waits for the trailers. */
  readonly keepTrailers?: boolean;
}

type QueuedPhase =
  | { readonly kind: "body"; readonly bytes: Uint8Array; readonly endOfStream: boolean }
  | { readonly kind: "trailers"; readonly span: Span };

const NO_FIELDS: readonly string[] = [];

export abstract class Direction {
  readonly owner: DirectionOwner;
  readonly isRequest: boolean;
  readonly mode: BodyMode;
  /** The phase that waits for our answer; NONE when it is the proxy's turn. */
  due: Phase = Phase.NONE;
  /** When that phase arrived, by `performance.now()`. */
  dueSince = 0;
  /** Anything of this direction has arrived. */
  begun = false;
  /** The last message of this direction has arrived. */
  complete = false;
  /** The function fixed the message. */
  released = false;
  /** What the function changed has left or was given up; from here on everything passes. */
  settled = false;
  /** The headers arrived with the end of the message: no body, no trailers. */
  bodiless = false;
  #headers: HeaderMap | null = null;
  #fields: FieldList | null = null;
  #pseudo: Map<string, string> | null = null;
  #trailers: FieldList | null = null;
  /** Phases the proxy sent without waiting for the answer to the one before. */
  #queue: QueuedPhase[] | null = null;
  #trailersWaiter: PromiseWithResolvers<FieldList | null> | null = null;

  constructor(owner: DirectionOwner, isRequest: boolean, mode: BodyMode) {
    this.owner = owner;
    this.isRequest = isRequest;
    this.mode = mode;
  }

  /** The whole body in its original coding; resolves once the proxy sent it. Asked for at most once. */
  abstract readWhole(): Promise<Uint8Array>;
  /** A body phase of this direction. */
  protected abstract bodyArrived(bytes: Uint8Array, endOfStream: boolean): void;
  /** Trailers arrived, or the end came without a body, while the subclass may wait for body bytes. */
  protected abstract endedWithoutBody(): void;
  /** Sends what the function changed with the answer that is due, or keeps it for the one that will be. */
  protected abstract settle(options: ReleaseOptions): void;
  /** Whether the function's changes have left and ending the stream with OK would lose nothing of this direction. */
  abstract get closable(): boolean;
  /** Whether ending the stream with OK would let the original pass whole, whatever is unanswered. */
  get passable(): boolean {
    return true;
  }
  /** Sets the new body; null is an empty one. @throws ExchangeError when it is too late for one. */
  abstract assignBody(replacement: Replacement | null): void;
  /** Rejects the read of a body that will not come. */
  protected abstract abandonRead(error: ExchangeError): void;
  /** The function asked for body bytes that the proxy still has to send. */
  abstract get waitsForBody(): boolean;

  get headersPhase(): Phase {
    return this.isRequest ? Phase.REQUEST_HEADERS : Phase.RESPONSE_HEADERS;
  }

  get headers(): FieldList {
    if (this.#fields === null) {
      this.#fields = new FieldList(this.#headers ?? NO_FIELDS);
      this.#fields.guard = this.released ? this.#sentGuard : this.owner.service.headerGuard;
    }
    return this.#fields;
  }

  /** A pseudo header: as the function set it, else as received; "" when there is none. */
  pseudo(name: `:${string}`): string {
    return this.#pseudo?.get(name) ?? this.headers.pseudo(name) ?? "";
  }

  setPseudo(name: `:${string}`, value: string): void {
    if (this.released) this.#sentGuard(name);
    (this.#pseudo ??= new Map()).set(name, value);
  }

  onHeaders(span: Span, endOfStream: boolean): void {
    this.begun = true;
    this.#headers = new HeaderMap(span);
    this.complete = this.bodiless = endOfStream;
    this.#arrived(this.headersPhase);
  }

  onBody(bytes: Uint8Array, endOfStream: boolean): void {
    this.begun = true;
    if (this.due !== Phase.NONE) {
      (this.#queue ??= []).push({ kind: "body", bytes, endOfStream });
      return;
    }
    if (this.complete) return; // a repeated end (envoy#46237): the first one was the true one
    this.complete = endOfStream;
    this.#arrived(this.isRequest ? Phase.REQUEST_BODY : Phase.RESPONSE_BODY);
    this.bodyArrived(bytes, endOfStream);
    if (endOfStream) this.#trailersWaiter?.resolve(null);
  }

  onTrailers(span: Span): void {
    this.begun = true;
    if (this.due !== Phase.NONE) {
      (this.#queue ??= []).push({ kind: "trailers", span });
      return;
    }
    this.complete = true;
    this.#arrived(this.isRequest ? Phase.REQUEST_TRAILERS : Phase.RESPONSE_TRAILERS);
    this.endedWithoutBody();
    if (this.#trailersWaiter !== null) {
      this.#trailers = new FieldList(new HeaderMap(span));
      this.#trailers.guard = this.owner.service.headerGuard;
      this.#trailersWaiter.resolve(this.#trailers);
    } else if (this.settled) this.answer(unchangedAnswer(this.due));
  }

  /** The trailers, null when none come. Releases headers and body first. */
  readTrailers(): Promise<FieldList | null> {
    if (this.#trailersWaiter === null) {
      this.#trailersWaiter = Promise.withResolvers();
      // Somebody may drop the promise: its rejection is no one's business then.
      this.#trailersWaiter.promise.catch(() => {});
      if (this.released || this.complete) this.#trailersWaiter.resolve(null);
      else this.release({ final: false, keepTrailers: true });
    }
    return this.#trailersWaiter.promise;
  }

  /** Fixes the message. Called again, with `next()` or the end of the function, it lets held trailers go. */
  release(options: ReleaseOptions): void {
    if (!this.released) {
      this.released = true;
      if (this.#fields !== null) this.#fields.guard = this.#sentGuard;
      this.settle(options);
    }
    if (options.keepTrailers === true || !this.settled) return;
    if (this.due === Phase.REQUEST_TRAILERS || this.due === Phase.RESPONSE_TRAILERS)
      this.#answerTrailers(options.final);
  }

  /** The stream or the other direction showed that nothing more comes. `reason` null: because the proxy did not send it. */
  abandon(reason: ExchangeError | null = null): void {
    if (this.waitsForBody) this.abandonRead(reason ?? new ExchangeError("BODY_NOT_SENT", bodyNotSentText(this)));
    this.#trailersWaiter?.resolve(null);
  }

  /** Lets go of a received chunk that would otherwise live as long as the exchange. */
  compact(): void {
    this.#headers?.compact();
  }

  /** Header and pseudo header changes, null when there are none. */
  protected headerChanges(): HeaderChanges | null {
    const changes = this.#fields?.changes() ?? null;
    if (this.#pseudo === null) return changes;
    const set = [];
    for (const [name, value] of this.#pseudo) {
      if (value !== this.headers.pseudo(name as `:${string}`)) set.push({ name, value, append: false });
    }
    if (set.length === 0) return changes;
    if (changes === null) return { removed: [], set };
    return { removed: changes.removed, set: [...set, ...changes.set] };
  }

  /** True when path, authority or method changed: Envoy routes by them. */
  protected get routeChanged(): boolean {
    if (!this.isRequest || this.#pseudo === null) return false;
    for (const [name, value] of this.#pseudo) if (value !== this.headers.pseudo(name as `:${string}`)) return true;
    return false;
  }

  /** Sends the answer to the phase that is due. */
  protected answer(frame: Uint8Array): void {
    const phase = this.due;
    this.due = Phase.NONE;
    this.owner.answered(this, phase, frame);
    this.#takeNext();
  }

  /** Takes the phase that is due out of account: the stream ends with OK, which answers it. */
  protected forgo(): void {
    const phase = this.due;
    if (phase === Phase.NONE) return;
    if (this.#queue !== null && this.#queue.length > 0) {
      // What is queued would be answered before it: out of order in the proxy's eyes.
      this.answer(unchangedAnswer(phase));
      return;
    }
    this.due = Phase.NONE;
    this.owner.answered(this, phase, null);
  }

  /** Presents what arrived while the phase before it was still unanswered. */
  #takeNext(): void {
    const next = this.#queue?.shift();
    if (next === undefined) return;
    if (next.kind === "body") this.onBody(next.bytes, next.endOfStream);
    else this.onTrailers(next.span);
  }

  #arrived(phase: Phase): void {
    this.due = phase;
    this.dueSince = performance.now();
  }

  #answerTrailers(final: boolean): void {
    const changes = this.#trailers?.changes() ?? null;
    if (this.#trailers !== null) this.#trailers.guard = this.#sentGuard;
    const extras = this.owner.takeExtras();
    if (changes === null && extras === null) {
      if (final) this.forgo();
      else this.answer(unchangedAnswer(this.due));
    } else this.answer(encodeTrailersAnswer(this.due, changes, extras));
  }

  get #sentGuard(): HeaderGuard {
    return this.isRequest ? requestSent : headersSent;
  }
}

function requestSent(name: string): never {
  throw new ExchangeError("REQUEST_SENT", `header "${name}" cannot change: the request went on with next()`);
}

function headersSent(name: string): never {
  throw new ExchangeError("HEADERS_SENT", `header "${name}" cannot change: the headers have been sent`);
}
