/**
 * A direction whose body comes whole, in at most one message: the modes BUFFERED and BUFFERED_PARTIAL, and NONE, where
 * the body is asked for with a mode override once a function reads it.
 */
import { ExchangeError } from "../../function/errors.ts";
import type { HeaderChanges } from "../../function/header-list.ts";
import { withBodyHeaders, withoutFraming } from "./body-headers.ts";
import { BodyMode } from "./body-mode.ts";
import { collectStream } from "./collect-stream.ts";
import { Direction, type ReleaseOptions, type Replacement } from "./direction.ts";
import { Phase } from "./wire/processing-request.ts";
import { encodeCommonAnswer, optOutAnswer, unchangedAnswer } from "./wire/processing-response.ts";

const EMPTY: Uint8Array = new Uint8Array(0);

export class BufferedDirection extends Direction {
  #body: Uint8Array | null = null;
  /** The proxy's buffer was full: what arrived is only the beginning. */
  #partial = false;
  /** The headers were answered bare so that the body comes; the changes go with the body's answer. */
  #asked = false;
  #reading: PromiseWithResolvers<Uint8Array> | null = null;
  /** Undefined: the body stays as it is. */
  #replacement: Replacement | undefined;
  /** The release that waits for the body to arrive. */
  #held: ReleaseOptions | null = null;

  get closable(): boolean {
    return !this.begun || (this.settled && this.due === Phase.NONE);
  }

  get waitsForBody(): boolean {
    return this.#asked && this.#body === null && !this.complete;
  }

  readWhole(): Promise<Uint8Array> {
    if (this.#partial) return Promise.reject(this.#incomplete());
    if (this.#body !== null) return Promise.resolve(this.#body);
    if (this.complete) return Promise.resolve(EMPTY);
    if (this.#reading === null) {
      if (this.released) return Promise.reject(this.#tooLate("read"));
      const refusal = this.#ask();
      if (refusal !== null) return Promise.reject(refusal);
      this.#reading = Promise.withResolvers();
      // A function may start a read and never look at it; its rejection must not end the thread.
      this.#reading.promise.catch(() => {});
    }
    return this.#reading.promise;
  }

  assignBody(replacement: Replacement | null): void {
    if (this.released) throw this.#tooLate("assigned");
    if (this.#partial) throw this.#incomplete();
    this.#replacement = replacement ?? EMPTY;
  }

  protected abandonRead(error: ExchangeError): void {
    this.#asked = false;
    this.#reading?.reject(error);
  }

  protected bodyArrived(bytes: Uint8Array, endOfStream: boolean): void {
    this.#body = bytes;
    this.#partial = this.mode === BodyMode.BUFFERED_PARTIAL && !endOfStream && !this.#isWholeLength(bytes.length);
    if (this.#partial) this.#reading?.reject(this.#incomplete());
    else this.#reading?.resolve(bytes);
    if (this.settled) this.answer(unchangedAnswer(this.due));
    else if (this.#held !== null) this.#flush(this.#held);
  }

  protected endedWithoutBody(): void {
    if (this.#body !== null) return;
    this.#body = EMPTY;
    this.#reading?.resolve(EMPTY);
    if (this.#held !== null) this.#flush(this.#held);
  }

  protected settle(options: ReleaseOptions): void {
    if (this.#replacement instanceof ReadableStream) void this.#collect(this.#replacement, options);
    else this.#settleWhole(options);
  }

  /** A body given as a stream is gathered first: these modes take it in one piece. */
  async #collect(stream: ReadableStream<Uint8Array>, options: ReleaseOptions): Promise<void> {
    try {
      this.#replacement = await collectStream(stream, this.owner.service.settings.maxBodyBytes);
    } catch (error) {
      this.settled = true;
      this.owner.failed(error);
      return;
    }
    this.#settleWhole(options);
    this.owner.progressed();
  }

  #settleWhole(options: ReleaseOptions): void {
    const waits = this.waitsForBody && (this.#replacement !== undefined || this.headerChanges() !== null);
    if (waits) this.#held = options;
    else this.#flush(options);
  }

  /** Sends the changes with the phase that is due; without one there is nothing to change. */
  #flush(options: ReleaseOptions): void {
    this.#held = null;
    this.settled = true;
    if (this.due === this.headersPhase) this.#answerHeaders(options);
    else if (this.due === Phase.REQUEST_BODY || this.due === Phase.RESPONSE_BODY) this.#answerBody(options);
    else if (this.due !== Phase.NONE && (this.#replacement !== undefined || this.headerChanges() !== null)) {
      const which = this.isRequest ? "request" : "response";
      const message = `the ${which} ended in trailers without a body: changes made after reading its body cannot be sent any more; change it before reading`;
      this.owner.failed(new ExchangeError("HEADERS_SENT", message));
    }
  }

  #answerHeaders(options: ReleaseOptions): void {
    const body = this.#newBody();
    let changes = this.bodiless ? this.headerChanges() : withoutFraming(this.headerChanges());
    if (body !== null) changes = withBodyHeaders(this.headers, withoutFraming(changes), null); // Envoy drops content-length itself
    // Saves the body's way to us and back; when the exchange ends here its end does the same.
    const optOut = this.mode !== BodyMode.NONE && !this.complete && !options.final && options.keepTrailers !== true;
    this.#answerCommon(changes, body, body !== null || optOut, options.final, optOut);
  }

  #answerBody(options: ReleaseOptions): void {
    const body = this.#newBody();
    let changes = withoutFraming(this.headerChanges());
    if (body !== null) {
      // Envoy checks a content-length it has against the new body; in BUFFERED_PARTIAL it has taken it out.
      const keepsLength = this.mode !== BodyMode.BUFFERED_PARTIAL && this.headers.has("content-length");
      changes = withBodyHeaders(this.headers, changes, keepsLength ? body.length : null);
    }
    this.#answerCommon(changes, body, false, options.final, false);
  }

  #answerCommon(
    changes: HeaderChanges | null,
    body: Uint8Array | null,
    replace: boolean,
    final: boolean,
    optOut: boolean,
  ): void {
    const clearRouteCache = this.#clearsRouteCache();
    const extras = this.owner.takeExtras();
    if (changes === null && body === null && !clearRouteCache && extras === null) {
      if (final) this.forgo();
      else this.answer(optOut ? optOutAnswer(this.due) : unchangedAnswer(this.due));
      return;
    }
    // Envoy heeds clear_route_cache only beside a header mutation.
    const mutation = changes ?? (clearRouteCache ? { removed: [], set: [] } : null);
    this.answer(encodeCommonAnswer(this.due, { replace, changes: mutation, body, clearRouteCache }, extras));
  }

  #clearsRouteCache(): boolean {
    if (!this.isRequest) return false;
    const asked = this.owner.takeClearRouteCache();
    return asked || (this.owner.service.settings.clearRouteCache === "auto" && this.routeChanged);
  }

  /** Null when the body stays. */
  #newBody(): Uint8Array | null {
    if (this.#replacement === undefined || this.#replacement instanceof ReadableStream) return null;
    return this.owner.forbidsBody(this) ? null : this.#replacement;
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
    return this.headers.get("content-length") === String(length);
  }

  #incomplete(): ExchangeError {
    const which = this.isRequest ? "request" : "response";
    const message = `Envoy sent only the beginning of the ${which} body (BUFFERED_PARTIAL): raise its per_connection_buffer_limit_bytes or use another body mode`;
    return new ExchangeError("BODY_INCOMPLETE", message);
  }

  #tooLate(what: "read" | "assigned"): ExchangeError {
    if (this.isRequest) {
      return new ExchangeError("REQUEST_SENT", `the request body cannot be ${what}: the request went on with next()`);
    }
    return new ExchangeError("HEADERS_SENT", `the response body cannot be ${what}: the response has been sent`);
  }
}
