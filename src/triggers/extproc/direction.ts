/**
 * One direction of an exchange, request or response: which phases the proxy sent, what of them is unanswered, and what
 * the function changed. How bodies flow is up to the subclass for the direction's body mode.
 *
 * A direction lives through: headers arrive, the function reads and changes, `release` fixes the message, its changes
 * leave with the last answer that can carry them, everything after that passes unchanged.
 */
import type { FlowingBody } from "../../function/contract.ts";
import { ExchangeError } from "../../function/errors.ts";
import { FieldList, type HeaderChanges, type HeaderGuard } from "../../function/header-list.ts";
import type { Frames } from "../../grpc/contract.ts";
import { bodyNotSent, bodyTooLate, bodyTooLong, readAfterBodyless } from "./body-errors.ts";
import { framedAsEmpty, withBodyHeaders, withoutFraming } from "./body-headers.ts";
import { BodyMode } from "./body-mode.ts";
import type { DirectionOwner } from "./direction-owner.ts";
import { sentGuard, unseenGuard } from "./header-guards.ts";
import { headersExcess } from "./header-limits.ts";
import type { BodyPieces } from "./incoming-body.ts";
import type { HeaderMap } from "./wire/header-map.ts";
import type { BodyUse } from "./wire/long-body.ts";
import { Phase } from "./wire/processing-request.ts";
import { encodeCommonAnswer, encodeTrailersAnswer, optOutAnswer, unchangedAnswer } from "./wire/processing-response.ts";

/** A new body as the function assigned it. */
export type Replacement = Uint8Array | FlowingBody;

export interface ReleaseOptions {
  /** Nothing more of the exchange is wanted after this message: what is unchanged needs no answer. */
  readonly final: boolean;
  /** The function waits for the trailers. */
  readonly keepTrailers: boolean;
}

export const RELEASE: ReleaseOptions = { final: false, keepTrailers: false };
export const RELEASE_FINALLY: ReleaseOptions = { final: true, keepTrailers: false };
const RELEASE_BODY: ReleaseOptions = { final: false, keepTrailers: true };

/**
 * Whether the original can still pass after the function failed: by ending the stream with OK now, by the direction's own
 * further answers until it is `closable`, or not any more.
 */
export type WayOut = "close" | "drain" | "none";

/** How the headers are answered. */
export interface HeadersAnswer {
  /** Replaces the whole body (CONTINUE_AND_REPLACE); null leaves it. */
  readonly body: Uint8Array | null;
  /** Codings that come off with the body: the new one is plain. */
  readonly plainBody: boolean;
  /** Takes what follows of this direction out of the exchange. */
  readonly optOut: boolean;
  /** Unchanged headers need no answer: the stream ends with OK. */
  readonly forgo: boolean;
}

type QueuedPhase =
  | { readonly kind: "body"; readonly bytes: Uint8Array; readonly endOfStream: boolean }
  | { readonly kind: "trailers"; readonly received: HeaderMap };

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
  /** The function failed: what it was still making is of no use. */
  givenUp = false;
  /** Nothing more of this direction is to come. */
  abandoned = false;
  /** The headers arrived with the end of the message: no body, no trailers. */
  bodiless = false;
  #headers: HeaderMap | null = null;
  #fields: FieldList | null = null;
  #pseudo: Map<string, string> | null = null;
  /** What the function changed, known once the message is released; undefined: not asked for yet. */
  #changes: HeaderChanges | null | undefined;
  #trailers: FieldList | null = null;
  /** Phases the proxy sent without waiting for the answer to the one before. */
  #queue: QueuedPhase[] | null = null;
  #trailersWaiter: PromiseWithResolvers<FieldList | null> | null = null;
  /** The response began before they came: they may be kept from us. */
  #trailersLate = false;
  /** Trailers stay unanswered when they come: the function may change them. */
  #holdsTrailers = false;

  constructor(owner: DirectionOwner, isRequest: boolean, mode: BodyMode) {
    this.owner = owner;
    this.isRequest = isRequest;
    this.mode = mode;
  }

  // What functions ask for, through their message.

  /**
   * The whole body in its original coding; resolves once the proxy sent it. Asked for at most once, by who sees to its
   * rejection: a function may start a read and never look at it.
   */
  abstract readWhole(): Promise<Uint8Array>;
  /** The body as it comes, in its original coding. Asked for at most once. */
  abstract openStream(pieces: BodyPieces): ReadableStream<Uint8Array>;
  /** Sets the new body; null is an empty one. @throws ExchangeError when it is too late for one. */
  abstract assignBody(replacement: Replacement | null): void;

  // What the subclass for a body mode does.

  /** A body phase of this direction; it is due when the mode has answers for each. */
  protected abstract bodyArrived(bytes: Uint8Array, endOfStream: boolean): void;
  /** Trailers arrived: no body bytes follow. */
  protected abstract bodyEndedInTrailers(): void;
  /** Sends what the function changed with the answer that is due, or keeps it for the one that will be. */
  protected abstract settle(options: ReleaseOptions): void;
  /** Rejects the read of a body that will not come. */
  protected abstract abandonRead(error: ExchangeError): void;
  /** The function asked for body bytes that the proxy still has to send. */
  abstract get waitsForBody(): boolean;
  /** Whether the function's changes have left and ending the stream with OK would lose nothing of this direction. */
  abstract get closable(): boolean;
  /** The headers went on for good: an immediate answer could only break the message. */
  abstract get committed(): boolean;
  /** Ending the stream now, in whatever way, leaves no message with a part missing or changed. */
  get intact(): boolean {
    return true;
  }
  /** Drops the function's changes and lets the original pass, as far as it still can. */
  abstract giveUp(): WayOut;
  /** A new body is still being made of which nothing has left: it may yet fail. */
  get isPreparing(): boolean {
    return false;
  }
  /** The function answers the request itself: nothing of it goes on, whatever is still read of it. */
  answeredHere(): void {}
  /** Lets it go on after all. False when it cannot: part of it is nowhere else any more. */
  takeBack(): boolean {
    return true;
  }
  /** Body bytes still reach the function after it began to answer. */
  get isReadOn(): boolean {
    return false;
  }
  /** The function has nothing more to say: what it did not read goes on. */
  functionDone(): void {}
  /** The function failed while the stream must stay open: the original passes by answers. */
  letPass(): void {
    this.settled = true;
    this.#holdsTrailers = false;
    if (this.due !== Phase.NONE) this.answerUnchanged();
  }
  /** `DirectionOwner.send` may be called again. */
  onWritable(): void {}

  get headersPhase(): Phase {
    return this.isRequest ? Phase.REQUEST_HEADERS : Phase.RESPONSE_HEADERS;
  }

  get headers(): FieldList {
    if (this.#fields === null) {
      this.#fields = new FieldList(this.#headers ?? NO_FIELDS);
      this.#fields.guard = this.#headerGuard;
    }
    return this.#fields;
  }

  /** A pseudo header: as the function set it, else as received; "" when there is none. */
  pseudo(name: `:${string}`): string {
    return this.#pseudo?.get(name) ?? this.headers.pseudo(name) ?? "";
  }

  /** The proxy keeps the headers of this direction to itself. */
  get headersUnseen(): boolean {
    return this.begun && this.#headers === null;
  }

  /** HTTP allows no body here: responses to HEAD, 204, 304. */
  get forbidsBody(): boolean {
    return this.owner.forbidsBody(this);
  }

  /** The function set a pseudo header. */
  get pseudoSet(): boolean {
    return this.#pseudo !== null;
  }

  setPseudo(name: `:${string}`, value: string): void {
    this.headers.guard?.(name);
    (this.#pseudo ??= new Map()).set(name, value);
  }

  onHeaders(received: HeaderMap, endOfStream: boolean): void {
    this.begun = true;
    this.#headers = received;
    this.complete = this.bodiless = endOfStream;
    this.arrived(this.headersPhase);
  }

  onBody(bytes: Uint8Array, endOfStream: boolean): void {
    this.begun = true;
    if (this.due !== Phase.NONE) {
      (this.#queue ??= []).push({ kind: "body", bytes, endOfStream });
      return;
    }
    if (this.complete) return; // a repeated end (envoy#46237): the first one was the true one
    this.complete = endOfStream;
    this.arrived(this.isRequest ? Phase.REQUEST_BODY : Phase.RESPONSE_BODY);
    this.bodyArrived(bytes, endOfStream);
    if (endOfStream) this.#trailersWaiter?.resolve(null);
  }

  /** Of what use the bytes of the body message are that begins now; of one that is of no use `onBody` gets none. */
  get bodyUse(): BodyUse {
    return "whole";
  }

  /** A part of a body message that goes on, where its use is "parts"; `onBody` gets the rest. */
  onBodyPart(_bytes: Uint8Array): void {}

  /** Nothing that came waits for an answer. */
  protected get isIdle(): boolean {
    return this.due === Phase.NONE && (this.#queue === null || this.#queue.length === 0);
  }

  onTrailers(received: HeaderMap): void {
    this.begun = true;
    if (this.due !== Phase.NONE) {
      (this.#queue ??= []).push({ kind: "trailers", received });
      return;
    }
    this.complete = true;
    this.arrived(this.isRequest ? Phase.REQUEST_TRAILERS : Phase.RESPONSE_TRAILERS);
    this.bodyEndedInTrailers();
    this.trailersArrived(received);
  }

  /** The trailers, null when none come. Releases headers and body first. */
  readTrailers(): Promise<FieldList | null> {
    if (this.#trailersWaiter === null) {
      this.#trailersWaiter = Promise.withResolvers();
      if (this.released || this.abandoned || this.#trailersLate || !this.mayHaveTrailers)
        this.#trailersWaiter.resolve(null);
      else if (!this.isReadOn) this.release(RELEASE_BODY);
    }
    return this.#trailersWaiter.promise;
  }

  /** To a function that answers the request itself: nobody hears of what it changes. */
  protected giveTrailers(received: HeaderMap): void {
    const trailers = new FieldList(received);
    trailers.guard = sentGuard(this.isRequest);
    (this.#trailersWaiter ??= Promise.withResolvers()).resolve(trailers);
  }

  /** Trailers can still come, or wait here for the body to be through. */
  protected get mayHaveTrailers(): boolean {
    return !this.complete;
  }

  /** @throws ExchangeError when the exchange began with the response: this request is not here to be changed. */
  assertSeen(): void {
    if (this.abandoned && !this.begun && this.isRequest) throw bodyTooLate(this, "assigned");
  }

  /** Fixes the message. Called again, with `next()` or the end of the function, it lets held trailers go. */
  release(options: ReleaseOptions): void {
    this.#holdsTrailers = options.keepTrailers;
    if (!this.released) {
      const refusal = this.#dropBody() ?? this.headersRefusal();
      this.released = true;
      this.freezeHeaders();
      if (refusal !== null) return this.owner.failed(refusal);
      this.settle(options);
    }
    if (!options.keepTrailers && this.settled && this.isTrailersDue) this.answerTrailers(options.final);
  }

  /** The stream or the other direction showed that nothing more comes. `reason` null: because the proxy did not send it. */
  abandon(reason: ExchangeError | null = null): void {
    this.abandoned = true;
    if (this.waitsForBody) this.abandonRead(reason ?? bodyNotSent(this));
    this.#trailersWaiter?.resolve(null);
  }

  /** The upstream answers: what the function awaits of the request would not come any more where the proxy keeps it back. */
  responseBegan(): void {
    if (!this.committed) this.abandon();
    else if (this.mode !== BodyMode.FULL_DUPLEX_STREAMED) {
      this.#trailersLate = true;
      this.#trailersWaiter?.resolve(null);
    }
  }

  /** Lets go of a received chunk that would otherwise live as long as the exchange. */
  compact(): void {
    this.#headers?.compact();
  }

  /** Takes the body off a message that the function made one without. */
  #dropBody(): ExchangeError | null {
    if (this.settled || this.committed || !this.owner.losesBody(this)) return null;
    try {
      this.assignBody(null);
      return null;
    } catch (error) {
      if (error instanceof ExchangeError) return error;
      throw error;
    }
  }

  /** Why the headers cannot leave before the body that is read then; null when they can. */
  protected earlyRefusal(): ExchangeError | null {
    return this.owner.losesBody(this) ? readAfterBodyless(this, this.pseudo(":status")) : this.headersRefusal();
  }

  /** Why Envoy would refuse the headers as the function left them; null when it would not. */
  protected headersRefusal(): ExchangeError | null {
    const changes = this.headerChanges();
    if (changes === null) return null;
    const excess = headersExcess(this.#headers, changes, this.owner.service.settings);
    return excess === null ? null : new ExchangeError("HEADERS_TOO_LARGE", excess);
  }

  /** Header and pseudo header changes, null when there are none. */
  protected headerChanges(): HeaderChanges | null {
    if (this.#changes !== undefined) return this.#changes;
    const changes = this.#findChanges();
    if (this.released) this.#changes = changes;
    return changes;
  }

  #findChanges(): HeaderChanges | null {
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

  /** Whether Envoy shall choose the route again. Asked once, with the answer that carries the changes. */
  protected clearsRouteCache(): boolean {
    if (!this.isRequest) return false;
    const asked = this.owner.takeClearRouteCache();
    return asked || (this.owner.service.settings.clearRouteCache === "auto" && this.#routeChanged);
  }

  /** Answers the headers with what changed. */
  protected answerHeaders({ body, plainBody, optOut, forgo }: HeadersAnswer): void {
    const isEmpty = this.bodiless && body === null;
    let changes = isEmpty ? framedAsEmpty(this, this.headerChanges()) : withoutFraming(this.headerChanges());
    if (body !== null || plainBody)
      changes = withBodyHeaders(this.headers, changes, { contentLength: "by-proxy", plainBody });
    this.answerCommon(changes, body, { replace: body !== null || optOut, forgo });
  }

  /** Answers the headers or body phase that is due. */
  protected answerCommon(
    changes: HeaderChanges | null,
    body: Uint8Array | null,
    { replace, forgo }: { readonly replace: boolean; readonly forgo: boolean },
  ): void {
    const clearRouteCache = this.clearsRouteCache();
    const extras = this.owner.takeExtras();
    if (changes === null && body === null && !clearRouteCache && extras === null) {
      if (forgo && this.owner.endsWith(this)) this.forgo();
      else this.answer(replace ? optOutAnswer(this.due) : unchangedAnswer(this.due));
      return;
    }
    // Envoy heeds clear_route_cache only beside a header mutation.
    const mutation = changes ?? (clearRouteCache ? { removed: [], set: [] } : null);
    this.answer(encodeCommonAnswer(this.due, { replace, changes: mutation, body, clearRouteCache }, extras));
  }

  /** Answers the phase that is due with "go on". */
  protected answerUnchanged(): void {
    this.answer(unchangedAnswer(this.due));
  }

  /** Sends the answer to the phase that is due. */
  protected answer(frame: Frames): void {
    const phase = this.due;
    this.due = Phase.NONE;
    this.owner.answered(this, phase, frame);
    this.#takeNext();
  }

  /** Leaves the phase that is due, and what is queued behind it, to the end of the stream, which comes at once. */
  protected forgo(): void {
    const phase = this.due;
    if (phase === Phase.NONE) return;
    this.due = Phase.NONE;
    this.#queue = null;
    this.owner.answered(this, phase, null);
  }

  /** Marks a phase as due. */
  protected arrived(phase: Phase): void {
    this.due = phase;
    this.dueSince = performance.now();
  }

  protected get isTrailersDue(): boolean {
    return this.due === Phase.REQUEST_TRAILERS || this.due === Phase.RESPONSE_TRAILERS;
  }

  protected trailersArrived(received: HeaderMap): void {
    if (this.#trailersWaiter !== null) {
      this.#trailers = new FieldList(received);
      this.#trailers.guard = this.owner.service.headerGuard;
      this.#trailersWaiter.resolve(this.#trailers);
      if (this.#holdsTrailers) return;
      this.#trailers.guard = sentGuard(this.isRequest);
    }
    if (this.settled) this.answer(unchangedAnswer(this.due));
  }

  /** The message ended without trailers. */
  protected noTrailers(): void {
    this.#trailersWaiter?.resolve(null);
  }

  protected answerTrailers(final: boolean): void {
    const changes = this.#trailers?.changes() ?? null;
    if (this.#trailers !== null) this.#trailers.guard = sentGuard(this.isRequest);
    const extras = this.owner.takeExtras();
    if (changes !== null || extras !== null) this.answer(encodeTrailersAnswer(this.due, changes, extras));
    else if (final && this.owner.endsWith(this)) this.forgo();
    else this.answer(unchangedAnswer(this.due));
  }

  /** Nothing the function does to trailers counts any more. */
  protected letTrailersGo(): void {
    this.#holdsTrailers = false;
    if (this.isTrailersDue) this.answerUnchanged();
  }

  /** From now on changes to headers throw. */
  protected freezeHeaders(): void {
    if (this.#fields !== null) this.#fields.guard = sentGuard(this.isRequest);
  }

  protected tooLong(): ExchangeError {
    return bodyTooLong(this, this.owner.service.settings.maxBodyBytes);
  }

  get #headerGuard(): HeaderGuard {
    if (this.released) return sentGuard(this.isRequest);
    return this.headersUnseen ? unseenGuard(this.isRequest) : this.owner.service.headerGuard;
  }

  get #routeChanged(): boolean {
    if (this.#pseudo === null) return false;
    for (const [name, value] of this.#pseudo) if (value !== this.headers.pseudo(name as `:${string}`)) return true;
    return false;
  }

  /** Presents what arrived while the phase before it was still unanswered. */
  #takeNext(): void {
    const next = this.#queue?.shift();
    if (next === undefined) return;
    if (next.kind === "body") this.onBody(next.bytes, next.endOfStream);
    else this.onTrailers(next.received);
  }
}
