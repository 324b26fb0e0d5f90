/**
 * A direction whose body comes in chunks that are answered one by one: the mode STREAMED. The proxy holds each chunk until
 * it is answered, in order, and the end of the body stays with the last chunk.
 */
import type { FlowingBody } from "../../function/contract.ts";
import { ExchangeError } from "../../function/errors.ts";
import { codingOf, toSentBody, toSentStream } from "./body-coding.ts";
import {
  bodyEndUnknown,
  bodyEndsInTrailers,
  bodyNotSent,
  bodyReadAsStream,
  bodyReplaced,
  bodyTooLate,
  chunksLost,
  firstChunkLeft,
} from "./body-errors.ts";
import { collectStream } from "./collect-stream.ts";
import { Direction, type ReleaseOptions, type Replacement, type WayOut } from "./direction.ts";
import { type BodyPieces, IncomingBody, type IncomingBodyListener, streamOf } from "./incoming-body.ts";
import { inNextTurn } from "./next-turn.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import { ReceivedChunks } from "./received-chunks.ts";
import type { HeaderMap } from "./wire/header-map.ts";
import type { BodyUse } from "./wire/long-body.ts";
import { Phase } from "./wire/processing-request.ts";
import { type BodyBytes, encodeCommonAnswer, unchangedAnswer } from "./wire/processing-response.ts";

const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * What becomes of the chunks.
 *
 * - `undecided`: the function has not said; the headers are still unanswered, so that none comes.
 * - `pass`: each goes on unchanged.
 * - `collect`: each is taken out, the whole body leaves with the last one.
 * - `returning`: the function failed while collecting; the next chunk gives back what was taken out.
 * - `tap`: each goes on unchanged as the function reads it.
 * - `transform`: each is answered with what the function's stream has produced.
 * - `replace`: the first is answered with the new body, the others are taken out.
 */
type Plan = "undecided" | "pass" | "collect" | "returning" | "tap" | "transform" | "replace";

export class StreamedDirection extends Direction implements IncomingBodyListener {
  #plan: Plan = "undecided";
  #headersLeft = false;
  /** The chunk that is due. */
  #chunk: Uint8Array = EMPTY;
  #isLast = false;
  #chunkNumber = 0;
  /** Bytes received and not answered: of the chunk that is due, or of the parts of the one that is arriving. */
  #unansweredBytes = 0;
  /** The function was given the chunk that is due. */
  #given = false;
  /** A chunk was answered so that its original bytes went on. */
  #originalsLeft = false;
  #reading: PromiseWithResolvers<Uint8Array> | null = null;
  readonly #collected = new ReceivedChunks();
  /** Chunks collected were answered as taken out: their bytes are only here. */
  #takenOut = false;
  /** The release that waits for the rest of a body being collected. */
  #held: ReleaseOptions | null = null;
  #incoming: IncomingBody | null = null;
  #replacement: Replacement | undefined;
  #outgoing: OutgoingBody | null = null;
  #replaced = false;
  /** The function answers the request itself: with what it reads of it, perhaps. */
  #answeredHere = false;
  /** Trailers that wait for the end of the function's stream. */
  #trailers: HeaderMap | null = null;

  get closable(): boolean {
    if (!this.begun) return true;
    return this.settled && this.due === Phase.NONE && (this.#plan === "pass" || this.complete);
  }

  get committed(): boolean {
    return this.#headersLeft;
  }

  get waitsForBody(): boolean {
    return this.#reading !== null && this.#plan === "collect" && !this.#isLast;
  }

  readWhole(): Promise<Uint8Array> {
    if (this.#reading !== null) return this.#reading.promise;
    if (this.bodiless) return Promise.resolve(EMPTY);
    const incoming = this.#incoming;
    if (this.#plan !== "undecided" || incoming?.stream.locked === true) return Promise.reject(bodyReadAsStream(this));
    if (this.#isEmpty) return Promise.resolve(EMPTY);
    if (this.abandoned) return Promise.reject(bodyNotSent(this));
    const refusal = this.#collectRefusal() ?? this.earlyRefusal();
    if (refusal !== null) return Promise.reject(refusal);
    this.#reading = Promise.withResolvers();
    this.#plan = "collect";
    incoming?.giveWhole(this.#reading.promise);
    const chunkWaits = this.#isBodyDue; // the headers were not sent to us
    this.#commitHeaders({ forgo: false });
    if (chunkWaits) this.#collect();
    return this.#reading.promise;
  }

  openStream(pieces: BodyPieces): ReadableStream<Uint8Array> {
    if (this.#reading !== null) return streamOf(() => this.readWhole());
    this.#incoming = new IncomingBody(this, pieces);
    if (this.bodiless || this.#isEmpty) this.#incoming.end();
    else if (this.released) this.#incoming.fail(bodyTooLate(this, "read"));
    else if (this.#replacement !== undefined) this.#incoming.fail(bodyReplaced(this));
    else if (this.abandoned) this.#incoming.fail(bodyNotSent(this));
    return this.#incoming.stream;
  }

  assignBody(replacement: Replacement | null): void {
    if (this.released) throw bodyTooLate(this, "assigned");
    if (this.settled || this.#originalsLeft || (this.#headersLeft && this.#plan !== "collect")) {
      throw firstChunkLeft(this);
    }
    this.#replacement = replacement ?? EMPTY;
  }

  override functionDone(): void {
    this.#readOn();
  }

  override responseBegan(): void {
    super.responseBegan();
    if (this.complete || this.#announcedLength !== null) return;
    // Trailers that are not sent to us may have ended it: no end will come then.
    if (this.#takenOut && this.#plan !== "pass") this.#lost("the response came before its end");
    else if (this.#plan === "collect") this.#stopCollecting();
    else if (!this.released || this.#answeredHere || this.#incoming?.isAsked === false) {
      this.#incoming?.fail(bodyEndUnknown());
    }
  }

  override answeredHere(): void {
    this.#answeredHere = true;
  }

  override onTrailers(received: HeaderMap): void {
    if (this.#plan !== "transform" || this.due !== Phase.NONE || this.#outgoing?.ended !== false) {
      super.onTrailers(received);
      return;
    }
    // The function's stream ends a few steps behind the original, and must not have anything more to say then.
    this.#trailers = received;
    this.arrived(this.isRequest ? Phase.REQUEST_TRAILERS : Phase.RESPONSE_TRAILERS);
    this.#incoming?.end();
    this.#produced();
  }

  override get bodyUse(): BodyUse {
    if (this.#plan === "pass") return "nothing";
    const flows = this.#plan === "tap" || this.#plan === "transform";
    return flows && this.isIdle && this.#isRead ? "parts" : "whole";
  }

  override onBodyPart(bytes: Uint8Array): void {
    if (!this.#isRead) return; // the function gave up reading meanwhile
    this.#unansweredBytes += bytes.length;
    this.#outgoing?.readOn(); // all that becomes of the chunk leaves with it
    this.#incoming?.push(bytes);
  }

  override get intact(): boolean {
    if (this.complete && this.due === Phase.NONE) return true;
    if (this.#plan === "transform" || this.#plan === "replace") return !this.#headersLeft;
    return !this.#takenOut || this.#plan === "pass";
  }

  protected override get isTrailersDue(): boolean {
    return this.#trailers === null && super.isTrailersDue; // else they wait for the function's stream
  }

  giveUp(): WayOut {
    this.#outgoing?.cancel(new Error("the function failed"));
    this.#incoming?.fail(new ExchangeError("CANCELLED", "the exchange went on without the function, which failed"));
    switch (this.#plan) {
      case "collect":
      case "returning": {
        if (!this.#takenOut) return "close";
        this.settled = true;
        this.#plan = "returning";
        if (this.#isBodyDue) this.#giveBack();
        else if (this.complete) return "none";
        this.letTrailersGo();
        return this.closable ? "close" : "drain";
      }
      case "transform":
      case "replace":
        return this.#headersLeft ? "none" : "close";
      case "undecided":
      case "pass":
      case "tap":
        return "close";
    }
  }

  override letPass(): void {
    this.#headersLeft = true;
    this.#plan = "pass";
    super.letPass();
  }

  protected abandonRead(error: ExchangeError): void {
    this.#reading?.reject(error);
    this.#incoming?.fail(error);
  }

  protected bodyArrived(bytes: Uint8Array, endOfStream: boolean): void {
    this.#chunk = bytes;
    this.#unansweredBytes += bytes.length;
    this.#chunkNumber++;
    this.#given = false;
    this.#isLast = endOfStream;
    switch (this.#plan) {
      case "undecided":
        return; // the headers were not sent to us: the chunk waits for the function
      case "pass":
        this.#pass();
        return;
      case "collect":
        this.#collect();
        return;
      case "returning":
        this.#collected.push(bytes);
        this.#giveBack();
        return;
      case "replace":
        this.#answerReplaced();
        return;
      case "tap":
      case "transform":
        this.#feed();
    }
  }

  protected bodyEndedInTrailers(): void {
    if (this.#reading === null) this.#incoming?.end();
    if (this.#reading !== null && this.#plan === "collect" && !this.#isLast) {
      if (!this.#takenOut) {
        this.#isLast = true;
        this.#reading.resolve(EMPTY);
        if (this.#held !== null && this.#replacement === undefined) this.#flushCollected();
      } else this.#lost("it ended in trailers after chunks were taken out");
    } else if (this.#plan === "returning") this.#lost("it ended in trailers after chunks were taken out");
    else if (this.#plan === "transform" && !(this.#outgoing?.ended === true && this.#outgoing.size === 0)) {
      this.#lost("it ended in trailers before the function's stream did");
    } else if (this.#plan === "replace" && !this.#replaced)
      this.#lost("it ended in trailers without a chunk to replace");
    if (this.#replacement !== undefined && (!this.released || this.#held !== null))
      this.#lost("it ended in trailers without a chunk to replace");
    this.settled = true;
  }

  protected settle(options: ReleaseOptions): void {
    if (this.#plan === "collect") {
      if (this.#isLast) this.#flushCollected();
      else this.#held = options;
      return;
    }
    if (this.#plan === "returning") {
      if (this.#replacement !== undefined) this.owner.failed(this.tooLong());
      else if (this.#isBodyDue) this.#giveBack();
      return;
    }
    const replacement = this.#replacement;
    if (replacement === undefined) this.#settleUnreplaced(options);
    else if (this.bodiless) void this.#settleBodiless(replacement, options);
    else if (replacement instanceof Uint8Array) void this.#settleReplaced(replacement, options);
    else this.#settleTransform(replacement);
  }

  #settleUnreplaced(options: ReleaseOptions): void {
    this.settled = true;
    if (this.#plan === "tap") return;
    const taken = this.#incoming !== null && !options.final;
    this.#plan = taken ? "tap" : "pass";
    const wantsChunks = taken || options.keepTrailers || options.final;
    this.#commitHeaders({
      forgo: options.final,
      optOut: !wantsChunks && !this.owner.bodyComesUnasked && !this.complete,
    });
    if (!this.#isBodyDue) return;
    if (taken) this.#feed();
    else this.#pass();
  }

  /** A message without a body gets the new one with its headers. */
  async #settleBodiless(replacement: Replacement, options: ReleaseOptions): Promise<void> {
    const body = await this.#wholeBody(replacement);
    if (body === null || this.givenUp) return;
    this.settled = true;
    this.#plan = "pass";
    const coding = codingOf(this, false);
    this.#headersLeft = true;
    const sent = this.forbidsBody ? null : body;
    this.answerHeaders({ body: sent, plainBody: coding.removed, optOut: false, forgo: options.final });
    this.owner.progressed();
  }

  async #settleReplaced(replacement: Uint8Array, options: ReleaseOptions): Promise<void> {
    const coding = codingOf(this, false);
    this.#incoming?.fail(bodyReplaced(this));
    const body = await this.#wholeBody(replacement);
    if (body === null || this.givenUp) return;
    this.settled = true;
    if (this.due === this.headersPhase && !this.owner.bodyComesUnasked) {
      this.#plan = "pass";
      this.#headersLeft = true;
      this.complete = true; // the proxy sends nothing more of this direction
      this.answerHeaders({ body, plainBody: coding.removed, optOut: false, forgo: options.final });
    } else {
      // Chunks may be on their way: they are answered one by one.
      this.#plan = "replace";
      this.#replacement = body;
      this.#commitHeaders({ forgo: false, plainBody: coding.removed });
      if (this.#isBodyDue) this.#answerReplaced();
    }
    this.owner.progressed();
  }

  #settleTransform(replacement: FlowingBody): void {
    const coding = codingOf(this, this.#headersLeft);
    this.#plan = "transform";
    this.settled = true;
    this.#commitHeaders({ forgo: false, plainBody: coding.removed, changedBody: true });
    this.#outgoing = new OutgoingBody(
      toSentStream(replacement, coding),
      () => this.#produced(),
      (error) => this.owner.failed(error),
    );
    this.#outgoing.start();
    if (this.#isBodyDue) this.#feed();
    if (this.bodiless) this.#incoming?.end();
  }

  /** The new body as it is sent; null when the function's stream failed. */
  async #wholeBody(replacement: Replacement): Promise<Uint8Array | null> {
    try {
      const { maxBodyBytes } = this.owner.service.settings;
      const whole = replacement instanceof Uint8Array ? replacement : await collectStream(replacement, maxBodyBytes);
      return await toSentBody(whole, codingOf(this, this.#headersLeft));
    } catch (error) {
      this.owner.failed(error);
      return null;
    }
  }

  #commitHeaders(options: {
    readonly forgo: boolean;
    readonly optOut?: boolean;
    readonly plainBody?: boolean;
    readonly changedBody?: boolean;
  }): void {
    if (this.#headersLeft) return;
    this.#headersLeft = true;
    this.freezeHeaders();
    if (this.due !== this.headersPhase) return;
    const { forgo, optOut = false, plainBody = false } = options;
    this.answerHeaders({ body: null, plainBody, optOut, forgo });
    if (optOut) this.complete = true;
  }

  // Collecting.

  /** The body cannot be read whole after all; one in its place needs no more than the next chunk. */
  #stopCollecting(): void {
    const held = this.#held;
    this.#held = null;
    this.#plan = held === null && this.#replacement === undefined ? "pass" : "undecided";
    this.#reading?.reject(bodyEndUnknown());
    if (held !== null) this.settle(held);
  }

  /** Why the whole body cannot be gathered: it might turn out only at the end that a chunk had to be the last one. */
  #collectRefusal(): ExchangeError | null {
    if (this.released) return bodyTooLate(this, "read");
    const { received } = this.headers;
    const type = received.get("content-type") ?? "";
    if (type.startsWith("application/grpc") || received.has("trailer")) return bodyEndsInTrailers(this);
    const length = this.#announcedLength;
    const { maxBodyBytes } = this.owner.service.settings;
    if (length !== null && length > maxBodyBytes) return this.tooLong();
    return null;
  }

  get #announcedLength(): number | null {
    const text = this.headers.received.get("content-length");
    return text === null || !/^\d+$/.test(text) ? null : Number(text);
  }

  #collect(): void {
    this.#collected.push(this.#chunk);
    if (this.#collected.bytes > this.owner.service.settings.maxBodyBytes) {
      this.#reading?.reject(this.tooLong());
      this.#plan = "returning"; // keeps the chunk due until the failure policy speaks, or the function goes on without
      if (this.#held === null) return;
      if (this.#replacement === undefined) this.#giveBack();
      else this.owner.failed(this.tooLong());
      return;
    }
    if (!this.#isLast && this.#collected.bytes !== this.#announcedLength) {
      this.#takenOut = true;
      this.#answerChunk(EMPTY);
      return;
    }
    this.#isLast = true;
    this.#reading?.resolve(this.#collected.join());
    if (this.#held !== null) this.#flushCollected();
  }

  /** Sends the collected body, or the one in its place, with the last chunk. */
  #flushCollected(): void {
    this.#held = null;
    const replacement = this.#replacement;
    if (replacement === undefined) {
      this.#giveBack();
      return;
    }
    void (async () => {
      const body = await this.#wholeBody(replacement);
      if (body === null || this.givenUp) return;
      this.settled = true;
      this.#plan = "pass";
      if (this.#isBodyDue) this.#answerChunk(body);
      else this.#lost("it ended in trailers without a chunk to carry the new body");
      this.owner.progressed();
    })();
  }

  /** Answers the chunk that is due with everything collected, itself included. */
  #giveBack(): void {
    const whole = this.#takenOut ? this.#collected.join() : null;
    this.#collected.clear();
    this.settled = true;
    this.#plan = "pass";
    if (!this.#isBodyDue) return;
    if (whole === null) this.#pass();
    else this.#answerChunk(whole);
  }

  // Answering chunks.

  /** The message was all trailers: its headers were not sent to us, and there was no body. */
  get #isEmpty(): boolean {
    return this.#plan === "undecided" && this.complete && !this.#isBodyDue;
  }

  get #isBodyDue(): boolean {
    return this.due === Phase.REQUEST_BODY || this.due === Phase.RESPONSE_BODY;
  }

  #pass(): void {
    this.#originalsLeft = true;
    this.#chunk = EMPTY;
    this.#unansweredBytes = 0;
    this.answer(unchangedAnswer(this.due));
  }

  /** Answers the chunk that is due with other bytes; none take it out. */
  #answerChunk(body: BodyBytes): void {
    this.#chunk = EMPTY;
    this.#unansweredBytes = 0;
    const answer = { replace: false, changes: null, body, clearRouteCache: false };
    this.answer(encodeCommonAnswer(this.due, answer, this.owner.takeExtras()));
  }

  #answerReplaced(): void {
    const body = this.#replaced || !(this.#replacement instanceof Uint8Array) ? EMPTY : this.#replacement;
    this.#replaced = true;
    this.#answerChunk(body);
  }

  // Streams.

  /** What was given before has been used up. */
  bodyWanted(): void {
    if (this.#reading !== null) return; // it gets what is read whole
    if (this.#plan === "undecided") {
      // The body may be assigned in the same breath, as with `pipeThrough`: then the headers wait for the release.
      inNextTurn(() => {
        if (this.#replacement instanceof Uint8Array) this.#incoming?.fail(bodyReplaced(this));
        if (this.#plan !== "undecided" || this.#replacement !== undefined) return;
        const refusal = this.earlyRefusal();
        if (refusal !== null) return this.owner.failed(refusal);
        this.#plan = "tap";
        this.#commitHeaders({ forgo: false });
        if (this.#isBodyDue) this.#feed();
      });
    } else if (!this.#isBodyDue) return;
    else if (!this.#given) this.#feed();
    else if (!this.#isLast) {
      // Asking for more, the function is through with the chunk; what it made of it is a few steps away.
      const chunk = this.#chunkNumber;
      inNextTurn(() => {
        if (chunk === this.#chunkNumber) this.#answerTransformed();
      });
    }
  }

  /** The function reads the body, and what it makes of it is not complete. */
  get #isRead(): boolean {
    return this.#incoming?.over === false && this.#outgoing?.ended !== true;
  }

  bodyCancelled(): void {
    this.#readOn();
  }

  /** Gives the chunk that is due to the function as soon as it wants it. */
  #feed(): void {
    const incoming = this.#incoming;
    if (incoming === null || !this.#isRead) {
      // Nobody reads it: the function's stream has nothing to do with it, or no more.
      this.#given = true;
      if (this.#isLast) this.#outgoing?.readOn();
      if (this.#plan === "tap") this.#pass();
      else this.#answerTransformed();
      return;
    }
    if (this.#plan === "tap" && !incoming.isAsked) return this.#leaveUnread(incoming);
    if (!incoming.wanted && this.#chunk.length > 0) return;
    this.#given = true;
    this.#outgoing?.readOn(); // all that becomes of the chunk leaves with it
    incoming.push(this.#chunk);
    if (this.#isLast) incoming.end();
    if (this.#plan === "tap") this.#pass();
    else if (this.#chunk.length === 0 && !this.#isLast) this.#answerTransformed();
  }

  /** The function holds the stream and has not begun to read: it may in this turn, but the chunk waits no longer. */
  #leaveUnread(incoming: IncomingBody): void {
    inNextTurn(() => {
      if (incoming.isAsked || this.#plan !== "tap") return;
      incoming.cut(bodyTooLate(this, "read"));
      this.#readOn();
    });
  }

  /** The function's stream gave bytes or ended. */
  #produced(): void {
    const outgoing = this.#outgoing;
    if (outgoing === null) return;
    if (outgoing.ended && this.#incoming?.hasRest === true) this.#incoming.cut(bodyReplaced(this));
    const received = this.#trailers;
    if (received !== null) {
      if (!outgoing.ended && outgoing.size === 0) return;
      this.#trailers = null;
      this.due = Phase.NONE;
      super.onTrailers(received);
      this.owner.progressed();
    } else if (outgoing.size > this.owner.service.settings.maxBodyBytes + this.#unansweredBytes) {
      this.owner.failed(this.tooLong());
    } else if (outgoing.ended && this.#isBodyDue) {
      this.#given = true;
      this.#answerTransformed();
    }
  }

  /** Answers the chunk that is due with what became of it; the last one waits for all of it. */
  #answerTransformed(): void {
    const outgoing = this.#outgoing;
    if (outgoing === null || !this.#isBodyDue || !this.#given || (this.#isLast && !outgoing.ended)) return;
    this.#answerChunk(outgoing.takeChunks());
    this.owner.progressed();
  }

  /** Nobody reads any more: the rest passes. */
  #readOn(): void {
    if (this.#plan !== "tap") return;
    this.#plan = "pass";
    if (this.#isBodyDue) this.#pass();
    this.owner.progressed();
  }

  /** Bytes of the original are gone and nothing can carry what should be in their place. */
  #lost(why: string): void {
    const error = chunksLost(this, why);
    this.#reading?.reject(error);
    this.owner.broken(error);
  }
}
