/**
 * A direction whose body flows freely: the mode FULL_DUPLEX_STREAMED. The proxy sends headers, chunks and trailers as they
 * come and keeps no copy; whatever shall go on is sent back, in any pieces, in order, with exactly one end.
 */
import type { FlowingBody } from "../../function/contract.ts";
import { ExchangeError } from "../../function/errors.ts";
import { type BodyCoding, codingOf, toSentBody, toSentStream } from "./body-coding.ts";
import {
  bodyNotSent,
  bodyReadAsStream,
  bodyReplaced,
  bodyTooLate,
  firstChunkLeft,
  noBodyToReplace,
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
import { encodeStreamedBody } from "./wire/processing-response.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
/** Largest piece sent: what the protocol's definition recommends. */
const PIECE_BYTES = 64 * 1024;
/** Bytes a function may leave unread before the proxy is made to wait. */
const UNREAD_BYTES = 128 * 1024;

/**
 * What becomes of the body.
 *
 * - `hold`: nothing has left; chunks are kept until the function has said what it wants, or read them all.
 * - `pass`: chunks go back as they come.
 * - `tap`: the same, while the function reads them.
 * - `transform`: chunks go to the function, what its stream gives goes back.
 * - `replace`: the new body goes back for the first chunk; the others are dropped.
 * - `give`: chunks go to the function alone, which answers the request itself.
 */
type Plan = "hold" | "pass" | "tap" | "transform" | "replace" | "give";

export class DuplexDirection extends Direction implements IncomingBodyListener {
  #plan: Plan = "hold";
  #headersLeft = false;
  /** Chunks received and not sent back or given away. */
  readonly #held = new ReceivedChunks();
  #bodyBegun = false;
  /** The end of the body has been sent, or trailers will be the end. */
  #bodyDone = false;
  #endsInTrailers = false;
  #reading: PromiseWithResolvers<Uint8Array> | null = null;
  #incoming: IncomingBody | null = null;
  #replacement: Replacement | undefined;
  #newBody: Uint8Array = EMPTY;
  #outgoing: OutgoingBody | null = null;
  #heldTrailers: HeaderMap | null = null;
  /** The release that waits for the body being read whole. */
  #deferred: ReleaseOptions | null = null;
  #writable = true;
  #paused = false;
  /** Chunks were given to the function alone, or dropped: the original is not all here any more. */
  #isSpent = false;

  get closable(): boolean {
    return !this.begun || (this.settled && this.due === Phase.NONE && (this.bodiless || this.#bodyDone));
  }

  get committed(): boolean {
    return this.#headersLeft;
  }

  get waitsForBody(): boolean {
    return this.#reading !== null && !this.complete && !this.#isTooLong;
  }

  readWhole(): Promise<Uint8Array> {
    if (this.bodiless) return Promise.resolve(EMPTY);
    if (this.#reading !== null) return this.#reading.promise;
    if (this.released) return Promise.reject(bodyTooLate(this, "read"));
    const incoming = this.#incoming;
    if ((this.#plan !== "hold" && this.#plan !== "give") || incoming?.stream.locked === true) {
      return Promise.reject(bodyReadAsStream(this));
    }
    if (this.#isSpent) return Promise.reject(incoming === null ? this.tooLong() : bodyReadAsStream(this));
    if (this.abandoned) return Promise.reject(bodyNotSent(this));
    this.#reading = Promise.withResolvers();
    incoming?.giveWhole(this.#reading.promise);
    this.#checkRead();
    return this.#reading.promise;
  }

  openStream(pieces: BodyPieces): ReadableStream<Uint8Array> {
    if (this.#reading !== null) return streamOf(() => this.readWhole());
    this.#incoming = new IncomingBody(this, pieces);
    if (this.bodiless) this.#incoming.end();
    else if (this.released) this.#incoming.fail(bodyTooLate(this, "read"));
    else if (this.#replacement !== undefined) this.#incoming.fail(bodyReplaced(this));
    else if (this.#isSpent) this.#incoming.fail(this.tooLong());
    else if (this.abandoned) this.#incoming.fail(bodyNotSent(this));
    else if (this.#plan === "give") this.#giveHeld();
    return this.#incoming.stream;
  }

  assignBody(replacement: Replacement | null): void {
    if (this.released) throw bodyTooLate(this, "assigned");
    if (this.#headersLeft) {
      throw firstChunkLeft(this);
    }
    this.#replacement = replacement ?? EMPTY;
  }

  override onBody(bytes: Uint8Array, endOfStream: boolean): void {
    this.begun = true;
    if (this.complete) return; // a repeated end (envoy#46237): the first one was the true one
    this.#bodyBegun = true;
    this.complete = endOfStream;
    if (this.due === Phase.NONE && !this.#headersLeft) this.#headersLeft = true; // headers are not sent to us
    if (endOfStream) this.noTrailers();
    this.bodyArrived(bytes);
  }

  override get bodyUse(): BodyUse {
    return "parts";
  }

  override onBodyPart(bytes: Uint8Array): void {
    this.onBody(bytes, false);
  }

  override onTrailers(received: HeaderMap): void {
    this.begun = true;
    if (this.complete) return;
    this.complete = true;
    this.#endsInTrailers = true;
    if (this.#plan === "give") this.giveTrailers(received);
    this.#heldTrailers = received;
    this.bodyEndedInTrailers();
    this.#trailersDue();
  }

  protected override get mayHaveTrailers(): boolean {
    return !this.complete || this.#heldTrailers !== null;
  }

  override answeredHere(): void {
    if (this.#headersLeft || this.#plan !== "hold") return; // it is on its way
    this.#plan = "give";
    this.#giveHeld();
  }

  override takeBack(): boolean {
    if (this.#plan === "give" && !this.#isSpent) this.#plan = "hold";
    return this.#plan !== "give";
  }

  override get isReadOn(): boolean {
    return this.#plan === "give";
  }

  override functionDone(): void {
    if (this.#plan === "tap") this.#stopTapping();
  }

  override onWritable(): void {
    this.#writable = true;
    this.#balanceInput();
    this.#sendProduced();
    this.owner.progressed();
  }

  giveUp(): WayOut {
    this.#outgoing?.cancel(new Error("the function failed"));
    this.#incoming?.fail(new ExchangeError("CANCELLED", "the exchange went on without the function, which failed"));
    if (this.#plan === "transform" || (this.#plan === "replace" && this.#bodyBegun) || this.#isSpent) return "none";
    this.settled = true;
    if (!this.#headersLeft) this.#forgetChanges();
    this.#plan = "pass";
    this.#sendHeld();
    this.letTrailersGo();
    return this.closable ? "close" : "drain";
  }

  protected bodyArrived(bytes: Uint8Array): void {
    switch (this.#plan) {
      case "hold":
        this.#held.push(bytes);
        this.#checkRead();
        return;
      case "pass":
        this.#sendOriginal(bytes);
        return;
      case "tap":
        this.#give(bytes);
        this.#sendOriginal(bytes);
        return;
      case "transform":
        this.#give(bytes);
        this.#sendProduced();
        return;
      case "give":
        this.#held.push(bytes);
        this.#giveHeld();
        return;
      case "replace":
        this.#sendReplaced();
    }
  }

  protected bodyEndedInTrailers(): void {
    switch (this.#plan) {
      case "hold":
        this.#checkRead();
        return;
      case "pass":
        this.#bodyDone = true;
        return;
      case "tap":
        this.#incoming?.end();
        this.#bodyDone = true;
        return;
      case "transform":
        this.#incoming?.end();
        this.#sendProduced();
        return;
      case "give":
        this.#giveHeld();
        return;
      case "replace":
        if (this.#newBody.length > 0 && !this.#bodyBegun) this.owner.broken(noBodyToReplace(this));
        this.#bodyDone = true;
    }
  }

  protected abandonRead(error: ExchangeError): void {
    this.#reading?.reject(error);
    this.#incoming?.fail(error);
  }

  protected settle(options: ReleaseOptions): void {
    this.#deferred = this.#plan === "hold" && this.waitsForBody ? options : null;
    if (this.#deferred !== null) return;
    if (this.#replacement === undefined) this.#settleUnreplaced(options);
    else if (this.#replacement instanceof Uint8Array || this.bodiless || this.#reading !== null)
      void this.#settleReplaced(this.#replacement, options);
    else this.#settleTransform(this.#replacement);
  }

  #settleUnreplaced(options: ReleaseOptions): void {
    this.settled = true;
    const taken = this.#incoming !== null && !this.#incoming.over && !options.final && this.#reading === null;
    this.#leaveHeaders({ forgo: options.final && this.bodiless, plainBody: false });
    this.#plan = taken ? "tap" : "pass";
    this.#sendHeld();
    this.owner.progressed();
  }

  async #settleReplaced(replacement: Replacement, options: ReleaseOptions): Promise<void> {
    const coding = codingOf(this, this.#headersLeft);
    const body = await this.#wholeBody(replacement, coding);
    if (body === null || this.givenUp) return;
    this.#incoming?.fail(bodyReplaced(this));
    this.settled = true;
    if (this.bodiless) {
      const sent = this.forbidsBody ? null : body;
      this.#headersLeft = true;
      this.answerHeaders({ body: sent, plainBody: coding.removed, optOut: false, forgo: options.final });
    } else {
      this.#leaveHeaders({ forgo: false, plainBody: coding.removed });
      this.#newBody = body;
      this.#plan = "replace";
      this.#held.clear();
      this.#balanceInput();
      if (this.#bodyBegun) this.#sendReplaced();
      else if (this.complete) this.bodyEndedInTrailers();
      this.#trailersDue();
    }
    this.owner.progressed();
  }

  #settleTransform(replacement: FlowingBody): void {
    const coding = codingOf(this, this.#headersLeft);
    this.settled = true;
    this.#leaveHeaders({ forgo: false, plainBody: coding.removed });
    this.#plan = "transform";
    this.#outgoing = new OutgoingBody(
      toSentStream(replacement, coding),
      () => {
        this.#sendProduced();
        this.owner.progressed();
      },
      (error) => this.owner.failed(error),
    );
    this.#outgoing.start();
    const held = this.#held.take();
    this.#give(...(this.#reading === null ? held : []));
    this.#balanceInput();
  }

  async #wholeBody(replacement: Replacement, coding: BodyCoding): Promise<Uint8Array | null> {
    try {
      const { maxBodyBytes } = this.owner.service.settings;
      const whole = replacement instanceof Uint8Array ? replacement : await collectStream(replacement, maxBodyBytes);
      return await toSentBody(whole, coding);
    } catch (error) {
      this.owner.failed(error);
      return null;
    }
  }

  #leaveHeaders({ forgo, plainBody }: { readonly forgo: boolean; readonly plainBody: boolean }): void {
    if (this.#headersLeft) return;
    this.#headersLeft = true;
    this.freezeHeaders();
    if (this.due === this.headersPhase) this.answerHeaders({ body: null, plainBody, optOut: false, forgo });
  }

  // Holding.

  /** Tells the function that reads the whole body when it is there, or will not be. */
  #checkRead(): void {
    if (this.#isTooLong) this.#reading?.reject(this.tooLong());
    else if (this.complete) this.#reading?.resolve(this.#held.join());
    this.#balanceInput();
    if (this.#deferred !== null && !this.waitsForBody) this.settle(this.#deferred);
  }

  /** To the function that answers the request itself: what it may still read is kept, until it is too much. */
  #giveHeld(): void {
    if (this.#reading !== null) return this.#checkRead();
    const isRead = this.#incoming !== null && !this.#incoming.over;
    if (!isRead && !this.#isTooLong) return;
    const chunks = this.#held.take();
    this.#isSpent ||= chunks.length > 0;
    this.#give(...chunks);
  }

  get #isTooLong(): boolean {
    return this.#held.bytes > this.owner.service.settings.maxBodyBytes;
  }

  /** Sends back what was held, and the end when it has arrived. */
  #sendHeld(): void {
    const held = this.#held.take();
    this.#balanceInput();
    if (this.bodiless) return;
    if (this.#plan === "tap") this.#give(...held);
    const last = held.length - 1;
    held.forEach((bytes, index) => {
      this.#sendPieces(bytes, index === last && this.complete && !this.#endsInTrailers);
    });
    if (!this.complete) return;
    if (held.length > 0 || this.#endsInTrailers) this.#bodyDone = true;
    this.#trailersDue();
  }

  // Sending.

  #sendOriginal(bytes: Uint8Array): void {
    this.#sendPieces(bytes, this.complete);
    if (this.complete) this.#bodyDone = true;
  }

  #sendReplaced(): void {
    const end = this.complete && !this.#endsInTrailers;
    this.#sendPieces(this.#newBody, end);
    this.#newBody = EMPTY;
    if (this.complete) this.#bodyDone = true;
  }

  /** Sends what the function's stream gave; its end once the original has ended too. */
  #sendProduced(): void {
    const outgoing = this.#outgoing;
    if (outgoing?.ended === true && this.#incoming?.hasRest === true) {
      this.#incoming.cut(bodyReplaced(this)); // whoever left it unread holds nothing up
      this.#balanceInput();
    }
    // Before the first chunk the proxy waits for none of ours.
    if (outgoing === null || this.#bodyDone || (!this.#bodyBegun && !this.complete)) return;
    if (!this.#bodyBegun) {
      if (outgoing.size > 0) this.owner.broken(noBodyToReplace(this));
      else if (outgoing.ended) this.#bodyDone = true;
    } else {
      const ends = outgoing.ended && this.complete;
      if (this.#writable || ends) {
        const bytes = outgoing.size > 0 ? outgoing.take() : EMPTY;
        this.#sendPieces(bytes, ends && !this.#endsInTrailers);
      }
      if (ends) this.#bodyDone = true;
    }
    this.#trailersDue();
  }

  #sendPieces(bytes: Uint8Array, end: boolean): void {
    const phase = this.isRequest ? Phase.REQUEST_BODY : Phase.RESPONSE_BODY;
    let at = 0;
    do {
      const piece = bytes.length <= PIECE_BYTES ? bytes : bytes.subarray(at, at + PIECE_BYTES);
      at += piece.length;
      const isLast = end && at >= bytes.length;
      if (piece.length === 0 && !isLast) return;
      this.#writable = this.owner.send(encodeStreamedBody(phase, piece, isLast, this.owner.takeExtras()));
    } while (at < bytes.length);
    this.#balanceInput();
  }

  /** Trailers wait for the body to be through. */
  #trailersDue(): void {
    const received = this.#heldTrailers;
    if (received === null || !this.#bodyDone) return;
    this.#heldTrailers = null;
    this.arrived(this.isRequest ? Phase.REQUEST_TRAILERS : Phase.RESPONSE_TRAILERS);
    this.trailersArrived(received);
  }

  // Streams.

  bodyWanted(): void {
    if (this.#plan !== "hold" || this.#reading !== null) {
      this.#balanceInput();
      return;
    }
    // The body may be assigned in the same breath, as with `pipeThrough`: then the headers wait for the release.
    inNextTurn(() => {
      if (this.#replacement instanceof Uint8Array) this.#incoming?.fail(bodyReplaced(this));
      if (this.#plan !== "hold" || this.#replacement !== undefined || this.#reading !== null) return;
      const refusal = this.earlyRefusal();
      if (refusal !== null) return this.owner.failed(refusal);
      this.#leaveHeaders({ forgo: false, plainBody: false });
      this.#plan = "tap";
      this.#sendHeld();
    });
  }

  bodyCancelled(): void {
    this.#balanceInput();
  }

  /** Hands bytes to the function when it wants them, and the end behind the last. */
  #give(...chunks: readonly Uint8Array[]): void {
    const incoming = this.#incoming;
    if (incoming === null || incoming.over) return;
    for (const bytes of chunks) incoming.push(bytes);
    if (this.complete) incoming.end();
    const isLeft = this.#plan === "tap" && !incoming.isAsked && incoming.unreadBytes > UNREAD_BYTES;
    if (isLeft) this.#stopTapping();
    else this.#balanceInput();
  }

  #stopTapping(): void {
    this.#plan = "pass";
    if (this.#incoming?.hasRest === true) this.#incoming.cut(bodyTooLate(this, "read"));
    this.#balanceInput();
  }

  /** Makes the proxy wait while more is kept here than need be: unread by the function, or not taken by the proxy. */
  #balanceInput(): void {
    const holds = this.#plan === "hold" || this.#plan === "give";
    const kept = holds && this.#held.bytes > this.owner.service.settings.maxBodyBytes;
    const full = kept || (this.#incoming?.unreadBytes ?? 0) > UNREAD_BYTES || !this.#writable;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.owner.pauseInput();
    else this.owner.resumeInput();
  }

  #forgetChanges(): void {
    this.#headersLeft = true;
    this.freezeHeaders();
    if (this.due === this.headersPhase) this.answerUnchanged();
  }
}
