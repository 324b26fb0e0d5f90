/** Carries out a random function's steps on a real exchange and keeps what it was promised. */
import type {
  Exchange,
  Message,
  Middleware,
  MiddlewareResult,
  Next,
  ResponseMessage,
} from "../../src/function/contract.ts";
import type { HeaderField, Side } from "../../src/cli/invoke/envoy/model.ts";
import type { Mapping, Program, Step } from "./program.ts";

/** A body the function put in the original's place. */
export type NewBody =
  { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "mapped"; readonly mapping: Mapping };

/** What the function was promised about one message: every step that did not throw. */
export interface Promised {
  body: NewBody | null;
  /** A stream it assigned breaks on purpose. */
  bodyFails: boolean;
  readonly headers: ((fields: readonly HeaderField[]) => HeaderField[])[];
  readonly trailers: ((fields: readonly HeaderField[]) => HeaderField[])[];
}

export interface Responded {
  readonly status: number;
  readonly body: string;
  /** Its stream breaks on purpose. */
  readonly fails: boolean;
  /** Whose body its own is made of. */
  readonly madeOf: Side | null;
}

export class Run {
  readonly program: Program;
  readonly request = nothingPromised();
  readonly response = nothingPromised();
  state: "notCalled" | "running" | "returned" | "threw" = "notCalled";
  /** It reached the step that never ends. */
  hangs = false;
  /** Returned what is neither a Response nor what `next()` gave. */
  garbage = false;
  /** The `Response` it returned. */
  responded: Responded | null = null;
  calls = 0;
  /** Reads that gave other bytes than the message has. */
  readonly wrongReads: string[] = [];
  /** Goes up with everything the function does: somebody is still at work. */
  activity = 0;
  /** It cannot know of the body: in observability mode with body mode NONE, or when Envoy made the response itself. */
  unseen: (side: Side) => boolean = () => false;
  readonly log: (line: string) => void;
  readonly #originals: Readonly<Record<Side, () => Uint8Array>>;
  #response: ResponseMessage | null = null;
  /** Whose stream was read from. */
  readonly #begun = new Set<Side>();
  /** Whose stream the function holds. */
  readonly #touched = new Set<Side>();

  constructor(program: Program, originals: Readonly<Record<Side, () => Uint8Array>>, log: (line: string) => void) {
    this.program = program;
    this.#originals = originals;
    this.log = log;
  }

  readonly middleware: Middleware = (exchange, next) => {
    this.calls++;
    this.state = "running";
    return this.#run(exchange, next);
  };

  async #run(exchange: Exchange, next: Next): Promise<MiddlewareResult> {
    let result: unknown;
    try {
      for (const step of this.program.steps) {
        this.activity++;
        try {
          const outcome = await this.#take(step, exchange, next);
          this.log(`  function: ${JSON.stringify(step)}`);
          if (outcome !== undefined) {
            result = outcome.result;
            break;
          }
        } catch (error) {
          this.log(`  function: ${JSON.stringify(step)} threw ${describe(error)}`);
          if (!this.program.careful || step.do === "throw") throw error;
          if (isEnd(error)) throw error; // the exchange is over: a careful function leaves too
        }
      }
    } catch (error) {
      this.state = "threw";
      this.#later(exchange, next);
      throw error;
    }
    this.state = "returned";
    this.log(`  function returned ${result instanceof Response ? `a Response ${result.status}` : typeof result}`);
    this.#later(exchange, next);
    return result as Response;
  }

  #later(exchange: Exchange, next: Next): void {
    for (const step of this.program.late) {
      setImmediate(() => {
        this.activity++;
        this.#take(step, exchange, next).catch(() => {}); // too late is an error of its own, and no one's concern
      });
    }
  }

  async #take(step: Step, exchange: Exchange, next: Next): Promise<{ readonly result: unknown } | undefined> {
    switch (step.do) {
      case "setHeader":
      case "appendHeader":
      case "deleteHeader": {
        const { headers } = this.#message(step.side, exchange);
        const { name } = step;
        if (step.do === "setHeader") headers.set(name, step.value);
        else if (step.do === "appendHeader") headers.append(name, step.value);
        else headers.delete(name);
        this[step.side].headers.push((fields) => {
          const others = step.do === "appendHeader" ? [...fields] : fields.filter(([other]) => other !== name);
          return step.do === "deleteHeader" ? others : [...others, [name, step.value]];
        });
        return;
      }
      case "setFraming": {
        const { headers } = this.#message(step.side, exchange);
        headers.set("content-length", "3");
        headers.set("transfer-encoding", "chunked");
        return;
      }
      case "setPath":
        exchange.request.path = step.path;
        this.request.headers.push((fields) => withValue(fields, ":path", step.path));
        return;
      case "setStatus":
        this.#responseMessage().status = step.status;
        this.response.headers.push((fields) => withValue(fields, ":status", String(step.status)));
        return;
      case "touchBody":
        void this.#message(step.side, exchange).body;
        this.#touched.add(step.side);
        return;
      case "read":
        return this.#read(step, exchange);
      case "readStream":
        return this.#readStream(step, exchange);
      case "assign": {
        const { body, side } = step;
        this.#message(side, exchange).body = body !== null && step.asBytes ? Buffer.from(body) : body;
        this[side].body = { kind: "bytes", bytes: Buffer.from(body ?? "") };
        this[side].bodyFails = false;
        return;
      }
      case "assignStream": {
        const { pieces, side, slow, fails } = step;
        if (this.#touched.has(side)) this.#begun.add(side); // to read the original now is to wait for oneself
        this.#message(side, exchange).body =
          step.as === "stream" ? this.#stream(pieces, slow, fails) : this.#generate(pieces, slow, fails);
        this[side].body = { kind: "bytes", bytes: Buffer.from(pieces.join("")) };
        this[side].bodyFails = fails;
        return;
      }
      case "transform": {
        const message = this.#message(step.side, exchange);
        const source = message.body;
        if (source === null || this.#begun.has(step.side)) return; // what is left of it would be no body of its own
        this.#begun.add(step.side);
        message.body =
          step.as === "stream"
            ? source.pipeThrough(this.#mapper(step.mapping, step.fails))
            : this.#map(source, step.mapping, step.fails);
        this[step.side].body = { kind: "mapped", mapping: step.mapping };
        this[step.side].bodyFails = step.fails;
        return;
      }
      case "trailers": {
        const trailers = this.#message(step.side, exchange).trailers;
        if (!step.awaited) {
          trailers.catch(() => {});
          return;
        }
        const list = await trailers;
        if (list === null || !step.set) return;
        list.set("x-trailer", "changed");
        this[step.side].trailers.push((fields) => withValue(fields, "x-trailer", "changed"));
        return;
      }
      case "wait":
        for (let i = 0; i < step.turns; i++) {
          this.activity++;
          await new Promise((resolve) => setImmediate(resolve));
        }
        return;
      case "next": {
        const response = next();
        if (next() !== response) this.wrongReads.push("a second next() gave another promise");
        if (step.awaited) this.#response = await response;
        else response.catch(() => {});
        return;
      }
      case "clearRouteCache":
        exchange.clearRouteCache();
        return;
      case "metadata":
        exchange.metadata.set("space", "key", { at: this.activity });
        return;
      case "throw":
        throw new Error("on purpose");
      case "garbage":
        this.garbage = true;
        return { result: { neither: "nor" } };
      case "returnNext":
        return { result: this.#response ?? undefined };
      case "hang":
        this.hangs = true;
        return new Promise(() => {});
      case "respondFrom":
        return { result: this.#respondFrom(step, exchange) };
      case "respond": {
        const { status, pieces, streamed, fails } = step;
        this.responded = { status, body: pieces.join(""), fails: fails && streamed, madeOf: null };
        const body = streamed ? this.#stream(pieces, true, fails) : pieces.join("");
        return { result: new Response(body, { status, headers: { "x-made": "yes" } }) };
      }
    }
  }

  /** Null: there is no body of which one could be made. */
  #respondFrom({ side, status, mapping }: Step & { do: "respondFrom" }, exchange: Exchange): Response | undefined {
    const source = this.#message(side, exchange).body;
    if (source === null || this.#begun.has(side)) return undefined;
    this.#begun.add(side);
    const body = Buffer.from(mapped(mapping, this.#originals[side]())).toString("latin1");
    this.responded = { status, body, fails: false, madeOf: side };
    return new Response(source.pipeThrough(this.#mapper(mapping, false)), { status, headers: { "x-made": "yes" } });
  }

  async #read({ side, how, awaited }: Step & { do: "read" }, exchange: Exchange): Promise<undefined> {
    const message = this.#message(side, exchange);
    const read = how === "bytes" ? message.bytes() : message.text().then((text) => Buffer.from(text));
    if (!awaited) {
      read.catch(() => {});
      return;
    }
    this.#check(side, Buffer.from(await read), true);
    this.#check(side, Buffer.from(await message.bytes()), true);
  }

  async #readStream({ side, by, chunks, leave }: Step & { do: "readStream" }, exchange: Exchange): Promise<undefined> {
    const stream = this.#message(side, exchange).body;
    if (stream === null || this.#begun.has(side)) return; // what is left of it cannot be told from the whole
    const reading = by === "reader" ? readerOf(stream) : iteratorOf(stream, leave === "release");
    this.#begun.add(side);
    const seen: Uint8Array[] = [];
    let complete = false;
    for (let i = 0; i < chunks; i++) {
      const { done, value } = await reading.next();
      this.activity++;
      complete = done === true;
      if (done === true) break;
      seen.push(value);
    }
    this.#check(side, Buffer.concat(seen), complete);
    if (leave === "cancel") await reading.cancel();
    else if (leave === "release") await reading.release();
  }

  #check(side: Side, seen: Uint8Array, complete: boolean): void {
    const original = Buffer.from(this.#originals[side]());
    if (this.unseen(side)) return;
    const right = complete ? original.equals(seen) : original.subarray(0, seen.length).equals(seen);
    if (!right) this.wrongReads.push(`the ${side} body was read as ${show(seen)}, it is ${show(original)}`);
  }

  #stream(pieces: readonly string[], slow: boolean, fails: boolean): ReadableStream<Uint8Array> {
    let at = 0;
    return new ReadableStream({
      pull: async (controller) => {
        this.activity++;
        if (slow) await new Promise((resolve) => setImmediate(resolve));
        const piece = pieces[at++];
        if (piece !== undefined) controller.enqueue(Buffer.from(piece));
        else if (fails) controller.error(new Error("the stream broke on purpose"));
        else controller.close();
      },
    });
  }

  async *#generate(pieces: readonly string[], slow: boolean, fails: boolean): AsyncGenerator<Uint8Array | string> {
    for (const [index, piece] of pieces.entries()) {
      this.activity++;
      if (slow) await new Promise((resolve) => setImmediate(resolve));
      yield index % 2 === 0 ? piece : Buffer.from(piece);
    }
    if (fails) throw new Error("the generator broke on purpose");
  }

  /** As `#mapper`. */
  async *#map(
    source: AsyncIterable<Uint8Array>,
    mapping: Mapping,
    fails: boolean,
  ): AsyncGenerator<Uint8Array | string> {
    const late: Uint8Array[] = [];
    for await (const chunk of source) {
      this.activity++;
      if (fails) throw new Error("the generator broke on purpose");
      if (mapping === "late") late.push(chunk);
      else if (mapping !== "drop") yield mapping === "suffix" ? chunk : mapped(mapping, chunk);
    }
    await new Promise((resolve) => setImmediate(resolve));
    yield* late;
    if (mapping === "suffix") yield "!end";
  }

  #mapper(mapping: Mapping, fails: boolean): TransformStream<Uint8Array, Uint8Array> {
    const late: Uint8Array[] = [];
    return new TransformStream<Uint8Array, Uint8Array>({
      transform: async (chunk, controller) => {
        this.activity++;
        if (fails) throw new Error("the transform broke on purpose");
        if (mapping === "late") late.push(chunk);
        else if (mapping === "upper" || mapping === "double") {
          if (mapping === "upper") await Promise.resolve();
          controller.enqueue(Buffer.from(mapped(mapping, chunk)));
        } else if (mapping !== "drop") controller.enqueue(chunk);
      },
      flush: async (controller) => {
        await new Promise((resolve) => setImmediate(resolve));
        for (const chunk of late) controller.enqueue(chunk);
        if (mapping === "suffix") controller.enqueue(Buffer.from("!end"));
      },
    });
  }

  #message(side: Side, exchange: Exchange): Message {
    return side === "request" ? exchange.request : this.#responseMessage();
  }

  #responseMessage(): ResponseMessage {
    if (this.#response === null) throw new Error("there is no response yet");
    return this.#response;
  }
}

interface Reading {
  next(): Promise<IteratorResult<Uint8Array, unknown>>;
  cancel(): Promise<unknown>;
  release(): unknown;
}

function readerOf(stream: ReadableStream<Uint8Array>): Reading {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array, unknown>>,
    cancel: () => reader.cancel(),
    release: () => reader.releaseLock(),
  };
}

function iteratorOf(stream: ReadableStream<Uint8Array>, preventCancel: boolean): Reading {
  const iterator = stream.values({ preventCancel });
  const leave = async () => iterator.return?.();
  return { next: () => iterator.next(), cancel: leave, release: leave };
}

/** What a mapping makes of a whole body. */
export function mapped(mapping: Mapping, body: Uint8Array): Uint8Array {
  switch (mapping) {
    case "upper":
      return Buffer.from(Buffer.from(body).toString("latin1").toUpperCase(), "latin1");
    case "double":
      return Uint8Array.from({ length: body.length * 2 }, (_, index) => body[index >> 1] ?? 0);
    case "drop":
      return new Uint8Array(0);
    case "suffix":
      return Buffer.concat([body, Buffer.from("!end")]);
    case "identity":
    case "late":
      return body;
  }
}

export function show(bytes: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(bytes).toString("latin1"));
  return text.length > 60 ? `${text.slice(0, 57)}…" (${bytes.length} bytes)` : text;
}

function nothingPromised(): Promised {
  return { body: null, bodyFails: false, headers: [], trailers: [] };
}

function withValue(fields: readonly HeaderField[], name: string, value: string): HeaderField[] {
  return fields.map((field) => (field[0] === name ? [name, value] : field));
}

function isEnd(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === "NO_RESPONSE" || code === "CANCELLED";
}

function describe(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return `${code ?? ""} ${message ?? String(error)}`.trim();
}
