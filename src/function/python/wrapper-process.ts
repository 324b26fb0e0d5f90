/** One Python process: from its start over its events, one at a time, to its end. */
import { join } from "node:path";
import type { FunctionLog } from "../contract.ts";
import { Channel } from "./channel.ts";
import { describeEnd, type PendingEvent, type WrapperCommand, type WrapperEnd } from "./contract.ts";
import { Conversation } from "./conversation.ts";
import { LineReader } from "./line-reader.ts";
import { StartOutput } from "./start-output.ts";
import { stageWrapper } from "./wrapper-script.ts";

/** What it wrote before its end may still be on the way, or held open by a process it left behind. */
const LAST_WORDS_MS = 200;
/** From the signal to the closing of the sockets: other wrappers may forget the one over the other. */
const FOREIGN_PAUSE_MS = 250;
/** Longest life of a wrapper that has closed its socket, and of a stream that nobody reads. */
const USELESS_MS = 1000;

export class WrapperProcess {
  /** Rejects with a `FunctionLoadError` when it ends before, or takes too long. */
  readonly ready: Promise<void>;
  /** Everything it answered has been heard. */
  readonly ended: Promise<WrapperEnd>;
  readonly pid: number;
  readonly #foreign: boolean;
  readonly #workerId: string;
  readonly #log: FunctionLog;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #events: Channel;
  readonly #control: Channel;
  readonly #conversation: Conversation;
  readonly #started = Promise.withResolvers<void>();
  /** Its last words have been heard too. */
  readonly #silent: Promise<unknown>;
  #startOutput: StartOutput | null;
  #ending = false;
  #over = false;

  /** @param onFree Called when an event has been answered, before its result is handed on. */
  constructor(command: WrapperCommand, workerId: string, log: FunctionLog, onFree: () => void) {
    this.#foreign = command.foreignWrapper !== null;
    this.#workerId = workerId;
    this.#log = log;
    this.#startOutput = new StartOutput(command.functionDirectory);
    const stage = stageWrapper(command.foreignWrapper);
    const eventPath = join(stage.directory, "event.sock");
    const controlPath = join(stage.directory, "control.sock");
    this.#control = new Channel(controlPath, { line: () => {}, closed: () => {} });
    this.#events = new Channel(eventPath, {
      line: (line) => this.#conversation.hear(line),
      closed: () => this.#killSoon(),
    });
    this.#conversation = new Conversation(this.#events, {
      log,
      workerId,
      functionDirectory: command.functionDirectory,
      started: () => this.#start(),
      free: onFree,
      record: (json) => this.#startOutput?.keepRecord(json),
      abandoned: () => this.#abandonStream(),
    });
    const sockets = ["--event-socket-path", eventPath, "--control-socket-path", controlPath, "--worker-id", workerId];
    const exit = Promise.withResolvers<WrapperEnd>();
    this.#child = Bun.spawn([command.python, "-u", stage.script, ...command.options, ...sockets], {
      env: command.environment,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      // Its own group: an interrupt from the terminal is for the processor, and what the function started ends with it.
      detached: true,
      onExit: (_, code, signal) => exit.resolve({ code, signal: signal === null ? null : String(signal) }),
    });
    this.pid = this.#child.pid;
    this.#silent = Promise.all([
      this.#readOutput(this.#child.stdout, (text) => this.#hearOutput(text)),
      this.#readOutput(this.#child.stderr, (text) => this.#hearError(text)),
    ]);
    this.ended = exit.promise.then((end) => this.#finish(end));
    this.ready = this.#whenReady(command.startDeadlineMs).finally(() => stage[Symbol.dispose]());
  }

  /** The event being handled. */
  get current(): PendingEvent | null {
    return this.#conversation.current;
  }

  /** Nothing of the current event has reached Python. */
  get untouched(): boolean {
    return this.#conversation.untouched;
  }

  /** Gives it an event; nothing may be in it. False when it is gone and has not seen the event. */
  handle(pending: PendingEvent): boolean {
    return this.#conversation.handle(pending);
  }

  /** Settles the event inside it, after its end. */
  fail(reason: Error): void {
    this.#conversation.fail(reason);
  }

  /** At once, with what the function started. */
  kill(): void {
    if (this.#over) return;
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }

  /** Runs the termination callback, then closes the sockets, and kills what has not ended after `timeoutMs`. */
  async end(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.kill(), timeoutMs);
    this.#child.kill("SIGUSR1");
    if (this.#foreign) await Promise.race([this.ended, Bun.sleep(FOREIGN_PAUSE_MS)]);
    this.#ending = true;
    this.#close();
    await this.ended;
    clearTimeout(timer);
    await this.#lastWords();
  }

  #close(): void {
    this.#events.close();
    this.#control.close();
  }

  async #finish(end: WrapperEnd): Promise<WrapperEnd> {
    await Promise.race([this.#events.closed, Bun.sleep(LAST_WORDS_MS)]);
    this.#over = true;
    this.#close();
    return end;
  }

  #lastWords(): Promise<unknown> {
    return Promise.race([this.#silent, Bun.sleep(LAST_WORDS_MS)]);
  }

  /** How it ended is seen when it has. */
  #killSoon(): void {
    if (this.#ending || this.#over) return;
    const timer = setTimeout(() => this.kill(), USELESS_MS);
    void this.ended.then(() => clearTimeout(timer));
  }

  #abandonStream(): void {
    const { current } = this;
    setTimeout(() => {
      if (current === null || this.current !== current) return;
      this.#log.warn({ worker_id: this.#workerId }, "nobody reads what a handler streams: its process is ended");
      this.kill();
    }, USELESS_MS);
  }

  #start(): void {
    this.#startOutput?.release((text) => this.#log.warn({ worker_id: this.#workerId }, text));
    this.#startOutput = null;
    this.#started.resolve();
  }

  async #whenReady(deadlineMs: number): Promise<void> {
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), deadlineMs);
    const end = await Promise.race([this.#started.promise, this.ended, late.promise]);
    clearTimeout(timer);
    if (end === undefined) return;
    if (end === null) this.kill();
    await this.#lastWords();
    const how = end === null ? `has not reported after ${deadlineMs / 1000} s` : describeEnd(end);
    throw this.#startOutput?.describe(how) ?? new Error(how);
  }

  #hearOutput(text: string): void {
    if (this.#startOutput?.keepRecord(text) !== true) this.#log.info({ worker_id: this.#workerId }, text);
  }

  #hearError(text: string): void {
    if (this.#startOutput?.keep(text) === true) return;
    // What a wrapper says of its lost connection is nothing to worry about when it is to end.
    this.#log[this.#ending ? "debug" : "warn"]({ worker_id: this.#workerId }, text);
  }

  async #readOutput(stream: ReadableStream<Uint8Array>, write: (text: string) => void): Promise<void> {
    const lines = new LineReader((line) => write(line.toString()));
    for await (const chunk of stream) lines.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    lines.finish();
  }
}
