/**
 * A direction whose body comes whole, in at most one message: the modes BUFFERED and BUFFERED_PARTIAL, and NONE, where
 * the body is asked for with a mode override once a function reads it.
 */
import { ExchangeError } from "../../function/errors.ts";
import { type BodyCoding, codingOf, toSentBody } from "./body-coding.ts";
import { bodyNotSent, bodyPartial, bodyTooLate } from "./body-errors.ts";
import { type BodyHeaders, withBodyHeaders, withoutFraming } from "./body-headers.ts";
import { BodyMode } from "./body-mode.ts";
import { collectStream } from "./collect-stream.ts";
import { Direction, type ReleaseOptions, type Replacement, type WayOut } from "./direction.ts";
import { streamOf } from "./incoming-body.ts";
import { Phase } from "./wire/processing-request.ts";
import { encodeCommonAnswer, unchangedAnswer } from "./wire/processing-response.ts";

const EMPTY: Uint8Array = new Uint8Array(0);

/** A new body ready to be sent. */
interface NewBody {
  readonly bytes: Uint8Array;
  readonly coding: BodyCoding;
}

export class BufferedDirection extends Direction {
  #body: Uint8Array | null = null;
  /** The proxy's buffer was full: what arrived is only the beginning. */
  #partial = false;
  /** The headers were answered bare so that the body comes; the changes go with the body's answer. */
  #asked = false;
  #reading: PromiseWithResolvers<Uint8Array> | null = null;
  /** Undefined: the body stays as it is. */
  #replacement: Replacement | undefined;
  #newBody: NewBody | null = null;
  /** The release that waits for the body to arrive. */
  #held: ReleaseOptions | null = null;

  get closable(): boolean {
    return !this.begun || (this.settled && this.due === Phase.NONE);
  }

  get committed(): boolean {
    return this.settled;
  }

  get waitsForBody(): boolean {
    return this.#asked && this.#body === null && !this.complete;
  }

  /** Nothing of the original ever left the proxy: ending the stream lets all of it pass. */
  giveUp(): WayOut {
    return "close";
  }

  readWhole(): Promise<Uint8Array> {
    if (this.#partial) return Promise.reject(bodyPartial(this));
    if (this.#body !== null) return Promise.resolve(this.#body);
    if (this.bodiless) return Promise.resolve(EMPTY);
    if (this.#reading === null) {
      if (this.complete) return Promise.reject(bodyNotSent(this));
      if (this.released && !this.isPreparing) return Promise.reject(bodyTooLate(this, "read"));
      if (this.abandoned) return Promise.reject(bodyNotSent(this));
      const refusal = this.#ask();
      if (refusal !== null) return Promise.reject(refusal);
      this.#reading = Promise.withResolvers();
    }
    return this.#reading.promise;
  }

  /** What is sent whole was answered before the request went on: nothing more of it comes. */
  override responseBegan(): void {
    this.abandon();
  }

  /** A new body is being gathered from a stream, which may itself read the original. */
  override get isPreparing(): boolean {
    return (
      this.released &&
      !this.settled &&
      !this.givenUp &&
      this.#held === null &&
      this.#replacement !== undefined &&
      !(this.#replacement instanceof Uint8Array)
    );
  }

  openStream(): ReadableStream<Uint8Array> {
    return streamOf(() => this.readWhole());
  }

  assignBody(replacement: Replacement | null): void {
    if (this.released) throw bodyTooLate(this, "assigned");
    if (this.#partial) throw bodyPartial(this);
    this.#replacement = replacement ?? EMPTY;
  }

  protected abandonRead(error: ExchangeError): void {
    this.#asked = false;
    this.#reading?.reject(error);
    if (this.#held === null) return;
    this.#held = null;
    this.owner.failed(error); // changes waited for the body to leave with it
  }

  protected bodyArrived(bytes: Uint8Array, endOfStream: boolean): void {
    this.#body = bytes;
    this.#partial = this.mode === BodyMode.BUFFERED_PARTIAL && !endOfStream && !this.#isWholeLength(bytes.length);
    if (this.#partial) this.#reading?.reject(bodyPartial(this));
    else this.#reading?.resolve(bytes);
    if (this.#partial && !this.settled && this.#replacement !== undefined) this.owner.failed(bodyPartial(this));
    else if (this.settled) this.answer(unchangedAnswer(this.due));
    else if (this.#held !== null) this.#flush(this.#held);
  }

  protected bodyEndedInTrailers(): void {
    if (this.#body !== null) return;
    if (this.mode === BodyMode.NONE) {
      this.abandonRead(bodyNotSent(this)); // there may have been one that passed unseen
      return;
    }
    this.#body = EMPTY;
    this.#reading?.resolve(EMPTY);
    if (this.#held !== null) this.#flush(this.#held);
  }

  protected settle(options: ReleaseOptions): void {
    if (this.#replacement === undefined) {
      this.#settleWhole(options);
      return;
    }
    const coding = codingOf(this, false);
    const bytes = this.#replacement instanceof Uint8Array ? toSentBody(this.#replacement, coding) : null;
    if (bytes instanceof Uint8Array) {
      this.#newBody = { bytes, coding };
      this.#settleWhole(options);
    } else void this.#prepare(this.#replacement, bytes, coding, options);
  }

  /** A body given as a stream is gathered first, as these modes take it in one piece; a large one is encoded elsewhere. */
  async #prepare(
    replacement: Replacement,
    encoding: Promise<Uint8Array> | null,
    coding: BodyCoding,
    options: ReleaseOptions,
  ): Promise<void> {
    try {
      const { maxBodyBytes } = this.owner.service.settings;
      const whole = replacement instanceof Uint8Array ? replacement : await collectStream(replacement, maxBodyBytes);
      this.#newBody = { bytes: await (encoding ?? toSentBody(whole, coding)), coding };
    } catch (error) {
      if (this.abandoned && this.due === this.headersPhase) {
        // The proxy answered by itself before it heard of the headers: there is no message left to change.
        this.letPass();
        this.owner.progressed();
        return;
      }
      this.givenUp = true; // also when its end is a quiet one
      this.owner.failed(error);
      return;
    }
    if (this.givenUp) return;
    this.#settleWhole(options);
    this.owner.progressed();
  }

  #settleWhole(options: ReleaseOptions): void {
    const waits = this.waitsForBody && (this.#newBody !== null || this.headerChanges() !== null);
    if (waits) this.#held = options;
    else this.#flush(options);
  }

  /** Sends the changes with the phase that is due; without one there is nothing to change. */
  #flush(options: ReleaseOptions): void {
    this.#held = null;
    this.settled = true;
    const body = this.#newBody !== null && this.#mayHave(this.#newBody) ? this.#newBody : null;
    if (this.due === this.headersPhase) {
      this.answerHeaders({
        body: body?.bytes ?? null,
        plainBody: body?.coding.removed === true,
        // Saves the body's way to us and back; when the exchange ends here its end does the same.
        optOut: this.mode !== BodyMode.NONE && !this.complete && !options.final && !options.keepTrailers,
        forgo: options.final,
      });
    } else if (this.due === Phase.REQUEST_BODY || this.due === Phase.RESPONSE_BODY) this.#answerBody(body, options);
    else if (this.begun && (body !== null || this.headerChanges() !== null)) {
      const which = this.isRequest ? "request" : "response";
      const message = `the ${which} went on without a body: changes made after reading its body cannot be sent any more; change it before reading`;
      this.owner.failed(new ExchangeError("HEADERS_SENT", message));
    }
  }

  /** Status and method need not be asked for a body that comes in the place of another. */
  #mayHave({ bytes }: NewBody): boolean {
    const replaces = !this.bodiless && (bytes.length === 0 || (this.#body !== null && this.#body.length > 0));
    return replaces || !this.forbidsBody;
  }

  #answerBody(body: NewBody | null, options: ReleaseOptions): void {
    let changes = withoutFraming(this.headerChanges());
    if (body !== null) {
      const contentLength = this.#lengthToSet(body.bytes.length);
      changes = withBodyHeaders(this.headers, changes, { contentLength, plainBody: body.coding.removed });
    }
    this.answerCommon(changes, body?.bytes ?? null, { replace: false, forgo: options.final });
  }

  /** Envoy checks a content-length it has against the new body; in BUFFERED_PARTIAL it has taken it out. */
  #lengthToSet(length: number): BodyHeaders["contentLength"] {
    const isChecked = this.mode !== BodyMode.BUFFERED_PARTIAL && this.headers.received.has("content-length");
    if (!isChecked || this.#isWholeLength(length)) return "by-proxy";
    return length === 0 && this.owner.losesBody(this) ? "unknown" : length;
  }

  /** Answers the headers so that the body comes. */
  #ask(): ExchangeError | null {
    if (this.due !== this.headersPhase) return null;
    if (this.mode !== BodyMode.NONE) {
      this.#asked = true;
      this.answer(unchangedAnswer(this.due));
      return null;
    }
    const override = this.owner.bodyOnDemand(this);
    if ("refusal" in override) return new ExchangeError("BODY_NOT_SENT", override.refusal);
    this.#asked = true;
    const extras = { modeOverride: override, dynamicMetadata: null };
    const unchanged = { replace: false, changes: null, body: null, clearRouteCache: false };
    this.answer(encodeCommonAnswer(this.due, unchanged, extras));
    return null;
  }

  #isWholeLength(length: number): boolean {
    return this.headers.received.get("content-length") === String(length);
  }
}
