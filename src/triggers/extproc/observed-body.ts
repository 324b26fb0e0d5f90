/** A body on its way past an observer, collected within the limit and decoded when it is read. */
import { ExchangeError } from "../../function/errors.ts";
import type { FieldList } from "../../function/header-list.ts";
import { decodeMessageBody } from "./body-decoding.ts";
import { BodyMode } from "./body-mode.ts";
import { ReceivedChunks } from "./received-chunks.ts";
import type { ExtprocService } from "./service.ts";

export class ObservedBody {
  readonly #service: ExtprocService;
  readonly #fields: FieldList;
  readonly #mode: BodyMode;
  readonly #direction: "request" | "response";
  readonly #collected = Promise.withResolvers<Uint8Array>();
  readonly #chunks = new ReceivedChunks();
  #ended = false;

  constructor(service: ExtprocService, fields: FieldList, mode: BodyMode, direction: "request" | "response") {
    this.#service = service;
    this.#fields = fields;
    this.#mode = mode;
    this.#direction = direction;
    this.#collected.promise.catch(() => {}); // the handler may not read it
  }

  push(bytes: Uint8Array, endOfStream: boolean): void {
    if (this.#ended) return;
    this.#chunks.push(bytes);
    const limit = this.#service.settings.maxBodyBytes;
    if (this.#chunks.bytes > limit) {
      const text = `the ${this.#direction} body is longer than ${limit} bytes: see perRequestBodyBufferBytes`;
      this.#fail(new ExchangeError("BODY_TOO_LARGE", text));
      return;
    }
    const whole = endOfStream || this.#mode === BodyMode.BUFFERED;
    if (whole) this.end();
    else if (this.#mode === BodyMode.BUFFERED_PARTIAL) {
      const complete = this.#fields.received.get("content-length") === String(this.#chunks.bytes);
      if (complete) this.end();
      else
        this.#fail(
          new ExchangeError("BODY_INCOMPLETE", `Envoy sent only the beginning of the ${this.#direction} body`),
        );
    }
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#collected.resolve(this.#chunks.join());
    this.#chunks.clear();
  }

  async read(): Promise<Uint8Array> {
    return decodeMessageBody(
      await this.#collected.promise,
      this.#fields.received,
      this.#direction,
      this.#service.settings,
    );
  }

  #fail(error: ExchangeError): void {
    this.#ended = true;
    this.#chunks.clear();
    this.#collected.reject(error);
  }
}
