/**
 * A direction whose body passes through in pieces, unseen: the modes STREAMED and FULL_DUPLEX_STREAMED. Headers can be
 * read and changed; chunks are answered as they come.
 */
import { ExchangeError } from "../../function/errors.ts";
import { withoutFraming } from "./body-headers.ts";
import { BodyMode } from "./body-mode.ts";
import { Direction, type ReleaseOptions } from "./direction.ts";
import { Phase } from "./wire/processing-request.ts";
import { encodeCommonAnswer, encodeStreamedBody, unchangedAnswer } from "./wire/processing-response.ts";

export class PassingDirection extends Direction {
  readonly #duplex = this.mode === BodyMode.FULL_DUPLEX_STREAMED;
  #chunk: { readonly bytes: Uint8Array; readonly endOfStream: boolean } | null = null;
  #bodyBegun = false;

  get closable(): boolean {
    return !this.begun || (this.settled && this.due === Phase.NONE && (this.complete || !this.#duplex));
  }

  /** In duplex the proxy keeps no copy: what it sent us is lost unless we send it back. */
  override get passable(): boolean {
    return !this.#duplex || !this.#bodyBegun;
  }

  get waitsForBody(): boolean {
    return false;
  }

  readWhole(): Promise<Uint8Array> {
    if (this.complete && !this.#bodyBegun) return Promise.resolve(new Uint8Array(0));
    return Promise.reject(this.#unreadable());
  }

  assignBody(): void {
    throw this.#unreadable();
  }

  protected abandonRead(): void {}

  protected bodyArrived(bytes: Uint8Array, endOfStream: boolean): void {
    this.#bodyBegun = true;
    this.#chunk = { bytes, endOfStream };
    if (this.settled) this.#passChunk();
  }

  protected endedWithoutBody(): void {}

  protected settle(options: ReleaseOptions): void {
    this.settled = true;
    if (this.due === this.headersPhase) this.#answerHeaders(options);
    else if (this.due === Phase.REQUEST_BODY || this.due === Phase.RESPONSE_BODY) this.#passChunk();
  }

  #answerHeaders(options: ReleaseOptions): void {
    const changes = this.bodiless ? this.headerChanges() : withoutFraming(this.headerChanges());
    const asked = this.isRequest && this.owner.takeClearRouteCache();
    const clearRouteCache = asked || (this.owner.service.settings.clearRouteCache === "auto" && this.routeChanged);
    const extras = this.owner.takeExtras();
    if (changes !== null || clearRouteCache || extras !== null) {
      const mutation = changes ?? (clearRouteCache ? { removed: [], set: [] } : null);
      const answer = { replace: false, changes: mutation, body: null, clearRouteCache };
      this.answer(encodeCommonAnswer(this.due, answer, extras));
    } else if (options.final && (!this.#duplex || this.bodiless)) this.forgo();
    else this.answer(unchangedAnswer(this.due));
  }

  #passChunk(): void {
    const chunk = this.#chunk;
    this.#chunk = null;
    if (!this.#duplex || chunk === null) this.answer(unchangedAnswer(this.due));
    else this.answer(encodeStreamedBody(this.due, chunk.bytes, chunk.endOfStream, this.owner.takeExtras()));
  }

  #unreadable(): ExchangeError {
    const which = this.isRequest ? "request" : "response";
    const name = this.#duplex ? "FULL_DUPLEX_STREAMED" : "STREAMED";
    const message = `the ${which} body passes in pieces (${name}) and cannot be read or replaced: set ${which}_body_mode of the filter's processing_mode to BUFFERED, or to NONE with allow_mode_override`;
    return new ExchangeError("BODY_NOT_SENT", message);
  }
}
