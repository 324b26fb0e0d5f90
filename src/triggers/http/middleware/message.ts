/** Request and response as middleware sees them, over HTTP without a proxy. */
import { toAssignedBody, toStream } from "../../../function/body-pieces.ts";
import type { FlowingBody, HeaderList, RequestMessage, ResponseMessage } from "../../../function/contract.ts";
import { ExchangeError } from "../../../function/errors.ts";
import { FieldList } from "../../../function/header-list.ts";
import { assertSameFraming } from "../../assert-same-framing.ts";
import { splitUrl } from "../split-url.ts";
import { MessageBody, type SentMessage } from "./message-body.ts";

const decoder = new TextDecoder();
/** Neither blanks nor controls, which would end a request line, nor what is no Latin-1. */
const NOT_IN_A_PATH = /[^!-~\x80-\xff]/;
const NOT_IN_A_TOKEN = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;

abstract class HttpMessage {
  readonly headers: FieldList;
  readonly #body: MessageBody;

  constructor(headers: FieldList, body: MessageBody) {
    this.headers = headers;
    this.#body = body;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#body.stream;
  }

  set body(value: FlowingBody | Uint8Array | string | null) {
    this.assertOpen();
    const body = toAssignedBody(value);
    this.#body.replace(body === null || body instanceof Uint8Array ? body : toStream(body));
  }

  /** The function asked for the body. */
  get isRead(): boolean {
    return this.#body.isRead;
  }

  bytes(): Promise<Uint8Array> {
    return this.#body.bytes();
  }

  text(): Promise<string> {
    return handled(this.bytes().then((bytes) => decoder.decode(bytes)));
  }

  json(): Promise<unknown> {
    return handled(this.text().then((text): unknown => JSON.parse(text)));
  }

  /** The runtime's server and client know none. */
  get trailers(): Promise<HeaderList | null> {
    return Promise.resolve(null);
  }

  /** What is sent; the function is done with the message. */
  release(): Promise<SentMessage> {
    return this.#body.release();
  }

  /** Throws when the message is on its way. */
  protected assertOpen(): void {
    this.headers.guard?.("");
  }
}

export class HttpRequestMessage extends HttpMessage implements RequestMessage {
  readonly scheme: string;
  #path: string;
  #method: string;
  #authority: string;

  constructor(request: Request, maxBytes: number) {
    const lines: string[] = [];
    for (const [name, value] of request.headers) lines.push(name, value);
    const headers = new FieldList(lines);
    super(headers, new MessageBody("request", request.body, headers, maxBytes));
    const { url, path, query } = splitUrl(request.url);
    this.scheme = url.slice(0, url.indexOf(":"));
    this.#path = query === "" ? path : `${path}?${query}`;
    this.#method = request.method;
    this.#authority = headers.get("host") ?? "";
  }

  get path(): string {
    return this.#path;
  }

  set path(value: string) {
    this.assertOpen();
    if (!value.startsWith("/") || NOT_IN_A_PATH.test(value)) {
      const message = `path ${JSON.stringify(value)} does not begin with "/" or has a character a request line cannot carry: encode it with encodeURI`;
      throw new ExchangeError("HEADER_INVALID", message);
    }
    this.#path = value;
  }

  get method(): string {
    return this.#method;
  }

  set method(value: string) {
    this.assertOpen();
    if (value === "" || NOT_IN_A_TOKEN.test(value)) {
      throw new ExchangeError("HEADER_INVALID", `${JSON.stringify(value)} is not a request method`);
    }
    assertSameFraming(this.#method, value);
    this.#method = value;
  }

  get authority(): string {
    return this.#authority;
  }

  set authority(value: string) {
    this.assertOpen();
    if (value === "" || NOT_IN_A_PATH.test(value)) {
      throw new ExchangeError("HEADER_INVALID", `${JSON.stringify(value)} is not an authority`);
    }
    this.#authority = value;
  }

  get url(): URL {
    return new URL(this.#path, `${this.scheme}://${this.#authority || "localhost"}`);
  }

  /** From now on it does not change. */
  seal(): void {
    this.headers.guard = refuseAfterNext;
  }
}

function refuseAfterNext(): never {
  throw new ExchangeError("REQUEST_SENT", "the request cannot change after next(): it went on");
}

export class HttpResponseMessage extends HttpMessage implements ResponseMessage {
  #status: number;

  constructor(status: number, lines: readonly string[], body: ReadableStream<Uint8Array> | null, maxBytes: number) {
    const headers = new FieldList(lines);
    super(headers, new MessageBody("response", body, headers, maxBytes));
    this.#status = status;
  }

  get status(): number {
    return this.#status;
  }

  set status(value: number) {
    this.assertOpen();
    if (!Number.isInteger(value) || value < 200 || value > 599) {
      throw new ExchangeError("HEADER_INVALID", `${value} is not a status from 200 to 599`);
    }
    this.#status = value;
  }
}

/** A promise whose rejection the function may ignore. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
