/**
 * A direction in Envoy's observability mode: what comes are copies. Nothing is answered, nothing the function changes has
 * an effect.
 */
import type { ExchangeError } from "../../function/errors.ts";
import { ReceivedChunks } from "./received-chunks.ts";
import { Direction, type WayOut } from "./direction.ts";
import { type BodyPieces, IncomingBody } from "./incoming-body.ts";
import type { HeaderMap } from "./wire/header-map.ts";
import { Phase } from "./wire/processing-request.ts";

export class ObservedDirection extends Direction {
  readonly #chunks = new ReceivedChunks();
  #reading: PromiseWithResolvers<Uint8Array> | null = null;
  #tooLong = false;
  #incoming: IncomingBody | null = null;

  /** The stream may end at any time: it holds nothing up. */
  readonly closable = true;
  readonly committed = true;

  get waitsForBody(): boolean {
    return (this.#reading !== null || this.#incoming?.over === false) && !this.complete;
  }

  giveUp(): WayOut {
    return "close";
  }

  readWhole(): Promise<Uint8Array> {
    if (this.#reading === null) {
      this.#reading = Promise.withResolvers();
      if (this.complete || this.#tooLong) this.#settleRead();
    }
    return this.#reading.promise;
  }

  openStream(pieces: BodyPieces): ReadableStream<Uint8Array> {
    this.#incoming = new IncomingBody({ bodyWanted() {}, bodyCancelled() {} }, pieces);
    if (this.#tooLong) this.#incoming.fail(this.tooLong()); // its beginning was let go
    if (!this.#chunks.isEmpty) this.#incoming.push(this.#chunks.join());
    if (this.complete) this.#incoming.end();
    return this.#incoming.stream;
  }

  assignBody(): void {
    this.owner.changedInVain();
  }

  override setPseudo(): void {
    this.owner.changedInVain();
  }

  override onHeaders(received: HeaderMap, endOfStream: boolean): void {
    super.onHeaders(received, endOfStream);
    this.due = Phase.NONE;
    this.headers.guard = () => this.owner.changedInVain();
  }

  override onBody(bytes: Uint8Array, endOfStream: boolean): void {
    this.begun = true;
    this.complete = endOfStream;
    this.bodyArrived(bytes);
    if (endOfStream) this.#ended();
  }

  override onTrailers(received: HeaderMap): void {
    this.begun = true;
    this.complete = true;
    this.trailersArrived(received);
    this.#ended();
  }

  protected bodyArrived(bytes: Uint8Array): void {
    const { maxBodyBytes } = this.owner.service.settings;
    this.#incoming?.push(bytes);
    // Copies wait for nobody: who reads them too slowly gets no more.
    if ((this.#incoming?.unreadBytes ?? 0) > maxBodyBytes) this.#incoming?.fail(this.tooLong());
    if (this.#tooLong) return;
    this.#chunks.push(bytes);
    if (this.#chunks.bytes <= maxBodyBytes) return;
    this.#tooLong = true;
    this.#chunks.clear();
    this.#settleRead();
  }

  protected bodyEndedInTrailers(): void {}

  protected abandonRead(error: ExchangeError): void {
    this.#reading?.reject(error);
    this.#incoming?.fail(error);
  }

  protected settle(): void {}

  #ended(): void {
    this.noTrailers();
    this.#incoming?.end();
    this.#settleRead();
  }

  #settleRead(): void {
    if (this.#reading === null) return;
    if (this.#tooLong) this.#reading.reject(this.tooLong());
    else this.#reading.resolve(this.#chunks.join());
  }
}
