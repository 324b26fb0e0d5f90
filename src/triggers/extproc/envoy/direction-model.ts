/**
 * One direction of an exchange as Envoy holds it: what it sends next, which answer it waits for, what goes on to the
 * other side. The request and the response each have one; they share nothing but the stream.
 *
 * A direction waits in one of the states of Envoy's filter ("callback states"): only the answer to what was sent is
 * accepted, everything else is spurious. Nothing goes on before it was answered.
 */
import { BodyMode } from "../body-mode.ts";
import type {
  BodyMutation,
  CommonResponse,
  EnvoyConfig,
  HeaderMutation,
  HttpOutput,
  Issue,
  Lines,
  PhaseName,
  Which,
} from "./contract.ts";
import { mutateLines } from "./mutate-lines.ts";

export type CallbackState = "idle" | "headers" | "buffered-body" | "partial-body" | "streamed-body" | "trailers";

/** What the exchange does for its directions. */
export interface DirectionHost {
  readonly config: EnvoyConfig;
  sendHeaders(which: Which, lines: Lines, endOfStream: boolean): void;
  sendBody(which: Which, body: Uint8Array, endOfStream: boolean): void;
  sendTrailers(which: Which, lines: Lines): void;
  report(issue: Issue): void;
  /** The answer breaks the exchange. */
  fail(kind: "spurious" | "processing-error", text: string): void;
  /** A buffered body exceeds Envoy's limit. */
  overflow(which: Which): void;
}

const EMPTY: Uint8Array = new Uint8Array(0);

interface Chunk {
  readonly bytes: Uint8Array;
  readonly endOfStream: boolean;
}

export class DirectionModel {
  readonly which: Which;
  state: CallbackState = "idle";
  bodyMode: BodyMode;
  sendsHeaders: boolean;
  sendsTrailers: boolean;
  readonly #host: DirectionHost;
  /** What goes on to the other side. */
  readonly output: { -readonly [K in keyof HttpOutput]: HttpOutput[K] } & { readonly chunks: Uint8Array[] } = {
    lines: null,
    chunks: [],
    trailers: null,
    ended: false,
    reset: false,
  };
  #lines: Lines | null = null;
  /** Received and kept back. */
  #held: Chunk[] = [];
  /** Sent to the server and kept until it answers. */
  #outstanding: Chunk[] = [];
  #trailers: Lines | null = null;
  /** Everything of the message has arrived. */
  #complete = false;
  /** The last piece of the body said so. */
  #bodyEnded = false;
  /** The server's part in the body is over. */
  #bodyDone = false;
  #headersSent = false;
  /** CONTINUE_AND_REPLACE brought another body: what remains of the original is dropped. */
  #discards = false;
  /** The server has no more part in this direction. */
  #passing = false;
  /** The server answers the request itself and still gets its body; nothing goes upstream. */
  #diverted = false;
  #duplex = { sent: false, ended: false, trailersSent: false };

  constructor(which: Which, host: DirectionHost) {
    const { config } = host;
    this.which = which;
    this.#host = host;
    const isRequest = which === "request";
    this.bodyMode = isRequest ? config.requestBody : config.responseBody;
    this.sendsHeaders = (isRequest ? config.requestHeaders : config.responseHeaders) === "SEND";
    this.sendsTrailers = (isRequest ? config.requestTrailers : config.responseTrailers) === "SEND";
  }

  get begun(): boolean {
    return this.#lines !== null;
  }

  /** The phase the server is to answer next; null when nothing is due. */
  get due(): PhaseName | null {
    if (this.state === "idle") return null;
    return this.state === "headers" || this.state === "trailers" ? this.state : "body";
  }

  /** Body bytes went to a server in full duplex, and Envoy kept no copy. */
  get duplexBegun(): boolean {
    return this.#duplex.sent;
  }

  /** Whether more messages of this direction may still go to the server, or answers come from it. */
  get finished(): boolean {
    if (this.#passing) return true;
    if (this.state !== "idle") return false;
    if (this.output.ended) return true;
    const nothingLeft = this.bodyMode === BodyMode.NONE && !this.sendsTrailers;
    return nothingLeft && (this.begun || !this.sendsHeaders);
  }

  // What arrives from the peer

  headers(lines: Lines, endOfStream: boolean): void {
    this.#lines = lines;
    this.#complete = endOfStream;
    this.#bodyEnded = endOfStream;
    this.#bodyDone = endOfStream;
    if (this.#passing || !this.sendsHeaders) {
      if (!this.#passing && this.bodyMode !== BodyMode.NONE && !endOfStream) this.#dropLength();
      this.#releaseHeaders();
      return;
    }
    this.#host.sendHeaders(this.which, lines, endOfStream);
    this.#headersSent = true;
    if (this.#host.config.observabilityMode) return this.#releaseHeaders();
    this.state = "headers";
    if (this.#ownsLength() && !endOfStream) this.#dropLength();
  }

  data(bytes: Uint8Array, endOfStream: boolean): void {
    if (endOfStream) this.#complete = this.#bodyEnded = true;
    if (this.#diverted) return this.#host.sendBody(this.which, bytes, endOfStream);
    if (this.#duplex.ended) return;
    if (this.#discards) {
      this.#endIfComplete();
      return;
    }
    const chunk = { bytes, endOfStream };
    if (this.#passing) {
      this.#forward([chunk]);
      this.#endIfComplete();
    } else if (this.#host.config.observabilityMode) {
      if (this.bodyMode === BodyMode.STREAMED) this.#host.sendBody(this.which, bytes, endOfStream);
      this.#forward([chunk]);
      this.#endIfComplete();
    } else if (this.bodyMode === BodyMode.FULL_DUPLEX_STREAMED) this.#sendDuplex(chunk);
    else if (this.bodyMode === BodyMode.STREAMED && this.#mayStream()) this.#sendChunk(chunk);
    else {
      this.#held.push(chunk);
      this.#advance();
    }
  }

  trailers(lines: Lines): void {
    this.#complete = true;
    this.#trailers = lines;
    if (this.#diverted) this.#host.sendTrailers(this.which, lines);
    else if (this.#passing) this.#releaseTrailers();
    else if (this.#host.config.observabilityMode) {
      if (this.sendsTrailers) this.#host.sendTrailers(this.which, lines);
      this.#releaseTrailers();
    } else if (this.bodyMode === BodyMode.FULL_DUPLEX_STREAMED && !this.#discards) {
      this.#duplex.trailersSent = true;
      this.#host.sendTrailers(this.which, lines);
      if (this.state === "idle") this.state = "trailers";
    } else this.#advance();
  }

  // What the server answers

  answerHeaders(common: CommonResponse): void {
    if (this.state !== "headers") return this.#spurious("headers");
    this.state = "idle";
    this.#noteRouteCache(common);
    if (!this.#mutate(common.mutation, common.replace)) return;
    if (common.replace) return this.#replaceRest(common.body);
    if (common.body !== null) this.#ignored("a body in a header answer without CONTINUE_AND_REPLACE");
    if (this.#complete && this.#bodyEnded && this.#bodyDone) this.#releaseHeaders();
    else if (this.bodyMode === BodyMode.FULL_DUPLEX_STREAMED) {
      this.#releaseHeaders();
      if (this.#duplex.sent || this.#duplex.trailersSent) this.state = this.#duplex.sent ? "streamed-body" : "trailers";
      for (const chunk of this.#held.splice(0)) this.#sendDuplex(chunk);
    } else if (this.#outstanding.length > 0) {
      this.#releaseHeaders();
      this.state = "streamed-body";
    } else if (this.#complete && this.#held.length > 0 && this.bodyMode !== BodyMode.NONE) {
      this.#sendWhole("buffered-body"); // whatever the mode: the whole body was there before the answer
    } else this.#advance();
  }

  answerBody(common: CommonResponse): void {
    if (this.due !== "body") return this.#spurious("body");
    this.#noteRouteCache(common);
    if (common.replace) this.#ignored("CONTINUE_AND_REPLACE in the answer to a body");
    if (this.bodyMode === BodyMode.FULL_DUPLEX_STREAMED) return this.#answerDuplex(common);
    const { body, mutation } = common;
    if (this.state === "streamed-body") {
      if (body?.kind === "streamed") {
        return this.#host.fail("spurious", `streamed_response for a ${this.which} chunk outside full duplex`);
      }
      if (mutation !== null) this.#ignored("header changes in the answer to a chunk: the headers have gone on");
      const [chunk, ...rest] = this.#outstanding;
      this.#outstanding = rest;
      if (chunk !== undefined) this.#forward([{ ...chunk, bytes: newBytes(body, chunk.bytes) }]);
      if (rest.length === 0) this.state = "idle";
      this.#advance();
      return;
    }
    if (body?.kind === "streamed") this.#ignored("streamed_response outside full duplex");
    const partial = this.state === "partial-body";
    this.state = "idle";
    if (!this.#applyToWhole(mutation, body)) return;
    this.#releaseHeaders();
    const original = join(this.#outstanding.splice(0));
    this.#forward([{ bytes: newBytes(body, original) }]);
    const restFollows = !this.#complete || this.#held.length > 0;
    if (partial && restFollows)
      this.bodyMode = BodyMode.NONE; // it bypasses the server
    else this.#bodyDone = true;
    this.#advance();
  }

  answerTrailers(mutation: HeaderMutation): void {
    const expected = this.state === "trailers" || (this.#duplex.trailersSent && this.due === "body");
    if (!expected) return this.#spurious("trailers");
    if (this.#trailers !== null) {
      const { lines, issues } = mutateLines(this.#trailers, mutation, {
        config: this.#host.config,
        mayChangeMethod: false,
        ownsLength: false,
      });
      if (!this.#accept(issues)) return;
      this.#trailers = lines;
    }
    this.state = "idle";
    this.#duplex.ended = true;
    this.#releaseTrailers();
  }

  /** The server is gone: what it was not asked about or did not answer goes on as it came. */
  pass(): void {
    if (this.#passing) return;
    if (this.#duplex.sent && !this.#duplex.ended) {
      this.#host.report({
        kind: "lost-body",
        text: `the stream ended inside the ${this.which} body of a full duplex exchange: its bytes are lost`,
      });
    }
    this.#passing = true;
    this.state = "idle";
    if (this.#lines === null) return;
    this.#releaseHeaders();
    if (!this.#discards) this.#forward([...this.#outstanding.splice(0), ...this.#held.splice(0)]);
    if (this.#trailers !== null) this.#releaseTrailers();
    else this.#endIfComplete();
  }

  /** StreamedImmediateResponse: the request goes nowhere; in full duplex the server still gets it. */
  divert(): void {
    if (this.bodyMode !== BodyMode.FULL_DUPLEX_STREAMED) return this.drop();
    this.state = "idle";
    this.#diverted = true;
    this.output.ended = true;
  }

  /** The message goes nowhere any more: Envoy answers itself. */
  drop(): void {
    this.#passing = true;
    this.state = "idle";
    this.#discards = true;
    if (this.output.lines !== null && !this.output.ended) this.output.reset = true;
    this.output.ended = true;
  }

  // How it goes on

  /** Nothing is due: sends what is next, or lets go of what the server has no part in. */
  #advance(): void {
    if (this.state !== "idle" || this.#lines === null) return;
    if (!this.#bodyDone && !this.#advanceBody()) return;
    if (this.#trailers === null || this.output.trailers !== null) return this.#endIfComplete();
    this.#releaseHeaders();
    if (!this.sendsTrailers) return this.#releaseTrailers();
    this.state = "trailers";
    this.#host.sendTrailers(this.which, this.#trailers);
  }

  /** True when the body is through. */
  #advanceBody(): boolean {
    const size = this.#held.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const limit = this.#host.config.bufferLimitBytes;
    switch (this.bodyMode) {
      case BodyMode.BUFFERED:
        if (size > limit) this.#host.overflow(this.which);
        else if (this.#complete && this.#held.length > 0) this.#sendWhole("buffered-body");
        break;
      case BodyMode.BUFFERED_PARTIAL:
        if (this.#held.length > 0 && (this.#complete || size >= limit)) this.#sendWhole("partial-body");
        break;
      case BodyMode.STREAMED:
      case BodyMode.FULL_DUPLEX_STREAMED:
        this.#releaseHeaders();
        for (const chunk of this.#held.splice(0)) this.#sendChunk(chunk);
        break;
      case BodyMode.NONE:
      case BodyMode.GRPC:
        this.#releaseHeaders();
        this.#forward(this.#held.splice(0));
    }
    if (this.state !== "idle" || !this.#complete || this.#passing) return false;
    this.#bodyDone = true;
    return true;
  }

  /** One message with all that was kept back. */
  #sendWhole(state: CallbackState): void {
    const chunks = this.#held.splice(0);
    const endOfStream = chunks.at(-1)?.endOfStream ?? false;
    const whole = { bytes: join(chunks), endOfStream };
    this.#outstanding = [whole];
    this.state = state;
    this.#host.sendBody(this.which, whole.bytes, endOfStream);
  }

  #mayStream(): boolean {
    if (this.state === "headers") return this.#host.config.sendBodyWithoutWaitingForHeaderResponse;
    return this.state === "idle" || this.state === "streamed-body";
  }

  #sendChunk(chunk: Chunk): void {
    this.#outstanding.push(chunk);
    if (this.state === "idle") this.state = "streamed-body";
    this.#host.sendBody(this.which, chunk.bytes, chunk.endOfStream);
  }

  #sendDuplex(chunk: Chunk): void {
    this.#duplex.sent = true;
    if (this.state === "idle") this.state = "streamed-body";
    this.#host.sendBody(this.which, chunk.bytes, chunk.endOfStream);
  }

  #answerDuplex({ body, mutation }: CommonResponse): void {
    if (body?.kind !== "streamed") {
      return this.#host.fail("spurious", `a ${this.which} body answer in full duplex without streamed_response`);
    }
    if (mutation !== null) this.#ignored("header changes in the answer to a chunk: the headers have gone on");
    if (body.endOfStream && !this.#complete) {
      this.#host.report({
        kind: "lost-body",
        text: `end_of_stream before the ${this.which} body has ended: what still comes is lost`,
      });
    }
    if (body.endOfStream && this.#trailers !== null) {
      return this.#host.fail("spurious", `end_of_stream in a ${this.which} body that ends in trailers`);
    }
    this.#forward([body]);
    if (!body.endOfStream) return;
    this.#duplex.ended = true;
    this.#bodyDone = true;
    this.state = "idle";
    this.output.ended = true;
  }

  /** CONTINUE_AND_REPLACE: the rest of the direction is no business of the server any more. */
  #replaceRest(body: BodyMutation | null): void {
    if (this.#duplex.sent || this.#outstanding.length > 0) {
      this.#host.report({ kind: "lost-body", text: `CONTINUE_AND_REPLACE after ${this.which} chunks were sent` });
      this.#outstanding = [];
    }
    this.bodyMode = BodyMode.NONE;
    this.sendsTrailers = false;
    if (body !== null) {
      this.#dropLength();
      this.#discards = true;
      this.#held = [];
      this.#bodyDone = true;
    }
    this.#releaseHeaders(body !== null);
    if (body !== null) this.#forward([{ bytes: newBytes(body, EMPTY) }]);
    this.#advance();
  }

  /** Header and body changes of an answer to a whole body. False when they broke the exchange. */
  #applyToWhole(mutation: HeaderMutation | null, body: BodyMutation | null): boolean {
    if (!this.#headersSent) {
      if (mutation !== null) this.#ignored("header changes: the headers were not sent to the server");
    } else if (!this.#mutate(mutation, false)) return false;
    const length = this.#lines?.find(([name]) => name === "content-length")?.[1];
    if (this.bodyMode !== BodyMode.BUFFERED || body === null || body.kind === "streamed" || length === undefined) {
      return true;
    }
    const size = newBytes(body, EMPTY).length;
    if (Number(length) === size) return true;
    this.#host.fail("processing-error", `content-length is ${length}, the new ${this.which} body has ${size} bytes`);
    return false;
  }

  #mutate(mutation: HeaderMutation | null, mayChangeMethod: boolean): boolean {
    if (mutation === null || this.#lines === null) return true;
    const scope = { config: this.#host.config, mayChangeMethod, ownsLength: this.#ownsLength() };
    const { lines, issues } = mutateLines(this.#lines, mutation, scope);
    if (!this.#accept(issues)) return false;
    this.#lines = lines;
    return true;
  }

  /** False when one of them ended the exchange. */
  #accept(issues: readonly Issue[]): boolean {
    for (const issue of issues) {
      if (issue.kind === "processing-error") {
        this.#host.fail("processing-error", issue.text);
        return false;
      }
      this.#host.report(issue);
    }
    return true;
  }

  /** Modes in which Envoy takes `content-length` out. */
  #ownsLength(): boolean {
    return this.bodyMode !== BodyMode.NONE && this.bodyMode !== BodyMode.BUFFERED && this.bodyMode !== BodyMode.GRPC;
  }

  #dropLength(): void {
    this.#lines = this.#lines?.filter(([name]) => name !== "content-length") ?? null;
  }

  #noteRouteCache({ clearRouteCache, mutation }: CommonResponse): void {
    if (!clearRouteCache) return;
    if (this.which === "response") this.#ignored("clear_route_cache in the response direction");
    else if (mutation === null) this.#ignored("clear_route_cache without header_mutation");
  }

  #spurious(phase: PhaseName): void {
    const waits = this.due === null ? "nothing" : `an answer to the ${this.due}`;
    this.#host.fail("spurious", `an answer to ${this.which} ${phase} while Envoy waits for ${waits} in that direction`);
  }

  #ignored(text: string): void {
    this.#host.report({ kind: "ignored", text });
  }

  #releaseHeaders(bodyFollows = false): void {
    if (this.output.lines !== null || this.#lines === null) return;
    this.output.lines = this.#lines;
    const bodiless = this.#complete && this.#bodyDone && this.#held.length === 0 && this.#trailers === null;
    if (bodiless && !bodyFollows && this.#outstanding.length === 0) this.output.ended = true;
  }

  #forward(chunks: readonly { readonly bytes: Uint8Array }[]): void {
    for (const { bytes } of chunks) if (bytes.length > 0) this.output.chunks.push(bytes);
  }

  #releaseTrailers(): void {
    this.#releaseHeaders();
    this.output.trailers = this.#trailers;
    this.output.ended = true;
  }

  #endIfComplete(): void {
    if (this.#complete && this.output.lines !== null && this.#trailers === null) this.output.ended = true;
  }
}

function newBytes(body: BodyMutation | null, original: Uint8Array): Uint8Array {
  if (body === null || body.kind === "streamed") return original;
  return body.kind === "clear" ? EMPTY : body.bytes;
}

function join(chunks: readonly Chunk[]): Uint8Array {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first.bytes : Buffer.concat(chunks.map(({ bytes }) => bytes));
}
