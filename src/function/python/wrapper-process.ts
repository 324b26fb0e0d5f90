/** One Python process: from its start over its events, one at a time, to its end. */
import { join } from "node:path";
import type { FunctionLog } from "../contract.ts";
import { type Channel, openChannel } from "./channel.ts";
import { describeEnd, type PendingEvent, type WrapperCommand, type WrapperEnd } from "./contract.ts";
import { encodeEvent } from "./encode-event.ts";
import { badEvent, badResult, handlerRaised } from "./failures.ts";
import { LineReader } from "./line-reader.ts";
import { readResult, toNuclioResult } from "./result.ts";
import { StartOutput } from "./start-output.ts";
import { stageWrapper } from "./wrapper-script.ts";
import { writeRecord } from "./wrapper-log.ts";

/** A wrapper that has not reported by then is given up. */
const START_DEADLINE_MS = 120_000;
/** What it wrote before its end may still be on the way, or held open by a process it left behind. */
const LAST_OUTPUT_MS = 200;
/** From the signal to the closing of the sockets: other wrappers may forget the one over the other. */
const FOREIGN_PAUSE_MS = 250;
/** Longest life of a wrapper that has closed its socket. */
const DISCONNECTED_MS = 1000;
const STARTED = 0x73; // s
const LOG = 0x6c; // l
const DURATION = 0x6d; // m
const RESULT = 0x72; // r

export class WrapperProcess {
  /** Rejects with a `FunctionLoadError` when it ends before, or takes too long. */
  readonly ready: Promise<void>;
  readonly ended: Promise<WrapperEnd>;
  readonly pid: number;
  readonly #command: WrapperCommand;
  readonly #workerId: string;
  readonly #log: FunctionLog;
  readonly #onFree: () => void;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #events: Channel;
  readonly #control: Channel;
  readonly #started = Promise.withResolvers<void>();
  #startOutput: StartOutput | null;
  #current: PendingEvent | null = null;
  /** The handler has returned: what follows is no exception of its own. */
  #returned = false;
  #ending = false;
  #over = false;

  /** @param onFree Called when an event has been answered, before its result is handed on. */
  constructor(command: WrapperCommand, workerId: string, log: FunctionLog, onFree: () => void) {
    this.#command = command;
    this.#workerId = workerId;
    this.#log = log;
    this.#onFree = onFree;
    this.#startOutput = new StartOutput(command.functionDirectory);
    const stage = stageWrapper(command.foreignWrapper);
    const eventPath = join(stage.directory, "event.sock");
    const controlPath = join(stage.directory, "control.sock");
    this.#control = openChannel(controlPath, { line: () => {}, closed: () => {} });
    this.#events = openChannel(eventPath, {
      line: (line) => this.#hear(line),
      closed: () => this.#disconnected(),
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
    const output = Promise.all([
      this.#readOutput(this.#child.stdout, (text) => this.#hearOutput(text)),
      this.#readOutput(this.#child.stderr, (text) => this.#hearError(text)),
    ]);
    this.ended = exit.promise.then(async (end) => {
      await Promise.race([output, Bun.sleep(LAST_OUTPUT_MS)]);
      this.#over = true;
      this.#events.close();
      this.#control.close();
      return end;
    });
    this.ready = this.#whenReady().finally(() => stage[Symbol.dispose]());
  }

  /** The event being handled. */
  get current(): PendingEvent | null {
    return this.#current;
  }

  /** Gives it an event; nothing may be in it. */
  handle(pending: PendingEvent): void {
    let encoded;
    try {
      encoded = encodeEvent(pending.event);
    } catch (error) {
      this.#settle(() => pending.reject(badEvent(error)));
      return;
    }
    this.#current = pending;
    this.#returned = false;
    this.#events.write(encoded.head, true);
    if (encoded.body !== null) this.#events.write(encoded.body, false);
  }

  /** At once, with what the function started. */
  kill(): void {
    if (this.#over || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
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
    if (this.#command.foreignWrapper !== null) await Promise.race([this.ended, Bun.sleep(FOREIGN_PAUSE_MS)]);
    this.#ending = true;
    this.#events.close();
    this.#control.close();
    await this.ended;
    clearTimeout(timer);
  }

  /** Without the socket it is of no use; how it ended is seen when it has. */
  #disconnected(): void {
    if (this.#ending || this.#over) return;
    const timer = setTimeout(() => this.kill(), DISCONNECTED_MS);
    void this.ended.then(() => clearTimeout(timer));
  }

  async #whenReady(): Promise<void> {
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), START_DEADLINE_MS);
    const end = await Promise.race([this.#started.promise, this.ended, late.promise]);
    clearTimeout(timer);
    const output = this.#startOutput;
    if (end === undefined || output === null) return;
    this.kill();
    throw output.describe(end === null ? `has not reported after ${START_DEADLINE_MS / 1000} s` : describeEnd(end));
  }

  #hear(line: Buffer): void {
    switch (line[0]) {
      case RESULT:
        return this.#answer(line.toString("utf8", 1));
      case DURATION:
        this.#returned = true;
        return;
      case LOG:
        return this.#logRecord(line.toString("utf8", 1));
      case STARTED:
        this.#startOutput?.release((text) => this.#log.warn({ worker_id: this.#workerId }, text));
        this.#startOutput = null;
        this.#started.resolve();
        return;
      default:
        this.#log.warn(
          { worker_id: this.#workerId, line: line.toString("utf8", 0, 200) },
          "an unknown line of a wrapper",
        );
    }
  }

  #answer(json: string): void {
    const pending = this.#current;
    if (pending === null) {
      this.#log.warn({ worker_id: this.#workerId }, "a wrapper answered though nothing was asked");
      return;
    }
    try {
      const wire = readResult(json);
      const failed = wire.status === 500 && !this.#returned;
      if (failed) this.#settle(() => pending.reject(handlerRaised(wire.body, this.#command.functionDirectory)));
      else {
        const result = toNuclioResult(wire);
        this.#settle(() => pending.resolve(result));
      }
    } catch (error) {
      this.#settle(() => pending.reject(badResult(error)));
    }
  }

  /** The next event first: Python works on it while the result goes on. */
  #settle(report: () => void): void {
    this.#current = null;
    this.#onFree();
    report();
  }

  #logRecord(json: string): void {
    this.#startOutput?.keepRecord(json);
    writeRecord(this.#current?.call.log ?? this.#log, json);
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
