/** Request and response as functions see them: a face of their direction, without its state. */
import { toAssignedBody } from "../../function/body-pieces.ts";
import type { FlowingBody, HeaderList } from "../../function/contract.ts";
import { ExchangeError } from "../../function/errors.ts";
import type { FieldList } from "../../function/header-list.ts";
import { assertSameFraming } from "../assert-same-framing.ts";
import { openReadStream } from "./body-coding.ts";
import { decodeMessageBody } from "./body-decoding.ts";
import { bodyDelivery } from "./body-mode.ts";
import type { BodyDelivery, ProcessedRequest, ProcessedResponse } from "./digital-hub/contract.ts";
import type { Direction } from "./direction.ts";

const decoder = new TextDecoder();
/** Neither blanks nor controls, which would end a request line, nor what is no Latin-1. */
const NOT_IN_A_PATH = /[^!-~\x80-\xff]/;
const NOT_IN_A_TOKEN = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;

abstract class ProxiedMessage {
  readonly #direction: Direction;
  #decoded: Promise<Uint8Array> | null = null;
  #stream: ReadableStream<Uint8Array> | null = null;

  constructor(direction: Direction) {
    this.#direction = direction;
  }

  get headers(): FieldList {
    return this.#direction.headers;
  }

  /** How the body comes, as far as the headers and the proxy's body mode tell: the Digital Hub types ask. */
  get bodyDelivery(): BodyDelivery {
    return bodyDelivery(this.#direction.mode, this.#direction.bodiless);
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#direction.bodiless) return null;
    return (this.#stream ??= openReadStream(this.#direction));
  }

  /** The function asked for the body as it flows. */
  get bodyOpened(): boolean {
    return this.#stream !== null;
  }

  set body(value: FlowingBody | Uint8Array | string | null) {
    this.#direction.assertSeen();
    this.#direction.assignBody(toAssignedBody(value));
  }

  bytes(): Promise<Uint8Array> {
    return (this.#decoded ??= handled(this.#direction.readWhole().then((bytes) => this.#decode(bytes))));
  }

  text(): Promise<string> {
    return handled(this.bytes().then((bytes) => decoder.decode(bytes)));
  }

  json(): Promise<unknown> {
    return handled(this.text().then((text): unknown => JSON.parse(text)));
  }

  get trailers(): Promise<HeaderList | null> {
    return this.#direction.readTrailers();
  }

  #decode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const direction = this.#direction;
    const which = direction.isRequest ? "request" : "response";
    return decodeMessageBody(bytes, direction.headers.received, which, direction.owner.service.settings);
  }
}

export class ProxiedRequest extends ProxiedMessage implements ProcessedRequest {
  readonly #direction: Direction;
  constructor(direction: Direction) {
    super(direction);
    this.#direction = direction;
  }

  get path(): string {
    return this.#direction.owner.requestText(":path");
  }

  set path(value: string) {
    if (value === "" || NOT_IN_A_PATH.test(value)) {
      const message = `path ${JSON.stringify(value)} is empty or has a character a request line cannot carry: encode it with encodeURI`;
      throw new ExchangeError("HEADER_INVALID", message);
    }
    this.#direction.setPseudo(":path", value);
  }

  get method(): string {
    return this.#direction.owner.requestText(":method");
  }

  set method(value: string) {
    this.#assertRoutingAllowed("method");
    if (value === "" || NOT_IN_A_TOKEN.test(value)) {
      throw new ExchangeError("HEADER_INVALID", `${JSON.stringify(value)} is not a request method`);
    }
    assertSameFraming(this.method, value);
    this.#direction.setPseudo(":method", value);
  }

  get authority(): string {
    return this.#direction.owner.requestText(":authority");
  }

  set authority(value: string) {
    this.#assertRoutingAllowed("authority");
    if (value === "" || NOT_IN_A_PATH.test(value)) {
      throw new ExchangeError("HEADER_INVALID", `${JSON.stringify(value)} is not an authority`);
    }
    this.#direction.setPseudo(":authority", value);
  }

  get scheme(): string {
    return this.#direction.owner.requestText(":scheme");
  }

  get url(): URL {
    const { path } = this;
    return new URL(path.startsWith("/") ? path : "/", `${this.scheme || "http"}://${this.authority || "localhost"}`);
  }

  #assertRoutingAllowed(what: string): void {
    if (this.#direction.owner.service.settings.allowRouting) return;
    const message = `the request's ${what} cannot change: set allowRouting of the trigger and mutation_rules.allow_all_routing of Envoy's filter`;
    throw new ExchangeError("NOT_ALLOWED_BY_ENVOY", message);
  }
}

export class ProxiedResponse extends ProxiedMessage implements ProcessedResponse {
  readonly #direction: Direction;
  constructor(direction: Direction) {
    super(direction);
    this.#direction = direction;
  }

  get status(): number {
    return Number(this.#direction.pseudo(":status"));
  }

  set status(value: number) {
    if (!Number.isInteger(value) || value < 200 || value > 599) {
      throw new ExchangeError("HEADER_INVALID", `${value} is not a status from 200 to 599`);
    }
    this.#direction.setPseudo(":status", String(value));
  }
}

/** A promise whose rejection the function may ignore. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.then(ignore, ignore); // of a large body nothing more is kept for it
  return promise;
}

function ignore(): void {}
