/**
 * Plays one interleaving: Envoy's model on one side, a real Session with a random function on the other, and between them
 * two wires whose messages arrive when the seed says so. Steps are chosen at random among what can happen next; turns of
 * the event loop are one of the choices, so that no real time passes.
 */
import type { CallMetadata, Frames, GrpcStatus, MessageParts, ServerCall } from "../../src/grpc/contract.ts";
import { joinFrames } from "../../src/grpc/frames.test-support.ts";
import { openEnvoyExchange } from "../../src/cli/invoke/envoy/exchange.ts";
import type { EnvoyEvent, EnvoyExchange, HeaderField, Side, Verdict } from "../../src/cli/invoke/envoy/model.ts";
import { type SeededRandom, seededRandom } from "../../src/protobuf/seeded-random.test-support.ts";
import { Session } from "../../src/triggers/extproc/session.ts";
import { type Program, randomProgram } from "./program.ts";
import { Run, show } from "./run-program.ts";
import { type MessageScript, type Scenario, randomScenario, wholeBody } from "./scenario.ts";
import { type PlayedService, playedService } from "./service.ts";
import { decodeResponse, encodeRequest, splitFrames } from "./wire.ts";

/** What reached one end. */
export interface Seen {
  fields: readonly HeaderField[] | null;
  readonly chunks: Uint8Array[];
  trailers: readonly HeaderField[] | null;
  ended: boolean;
  /** Parts after the end, or out of order. */
  broken: string | null;
}

export interface Played {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly program: Program;
  readonly run: Run;
  readonly service: PlayedService;
  readonly seen: Readonly<Record<Side, Seen>>;
  readonly verdicts: readonly { readonly verdict: Verdict; readonly text: string; readonly afterEnd: boolean }[];
  readonly localReply: { readonly status: number; readonly body: string; readonly details: string } | null;
  readonly clientReset: boolean;
  readonly status: GrpcStatus | null;
  /** Something from outside cut in: client, timer, drain. */
  readonly disturbed: boolean;
  /** Time had to be moved on for it to end. */
  readonly timeMoved: boolean;
  /** Envoy closed the stream while the function was still at work. */
  readonly outlived: boolean;
  /** Which phases the processor got at all. */
  readonly sent: ReadonlySet<string>;
  /** Rules broken on the way. */
  readonly violations: string[];
  readonly trace: readonly string[];
}

const MAX_STEPS = 3000;
const IDLE_TURNS = 12;

export async function play(seed: number, tracing: boolean): Promise<Played> {
  const player = new Player(seed, tracing);
  await player.play();
  return player;
}

interface ArrivingMessage {
  readonly bytes: Uint8Array;
  readonly text: string;
}

interface Arriving extends ArrivingMessage {
  readonly parts: MessageParts;
  /** Up to here it has come. */
  readonly at: number;
}

type ToProcessor =
  ({ readonly kind: "message" } & ArrivingMessage) | { readonly kind: "halfClose" } | { readonly kind: "reset" };

/** What was written in one turn of the event loop arrives together when the end of the stream is part of it: it is one write. */
type ToEnvoy = { readonly turn: number } & (
  { readonly kind: "message"; readonly bytes: Uint8Array } | { readonly kind: "end"; readonly status: GrpcStatus }
);

class Player implements Played, ServerCall {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly program: Program;
  readonly run: Run;
  readonly service: PlayedService;
  readonly seen = { request: nothingSeen(), response: nothingSeen() };
  readonly verdicts: { verdict: Verdict; text: string; afterEnd: boolean }[] = [];
  localReply: { status: number; body: string; details: string } | null = null;
  clientReset = false;
  status: GrpcStatus | null = null;
  disturbed = false;
  timeMoved = false;
  outlived = false;
  readonly sent = new Set<string>();
  readonly violations: string[] = [];
  readonly trace: string[] = [];

  readonly path = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
  readonly metadata: CallMetadata = { get: () => undefined, getAll: () => [], getBinary: () => [], entries: () => [] };
  readonly signal = new AbortController().signal;

  readonly #random: SeededRandom;
  readonly #tracing: boolean;
  readonly #envoy: EnvoyExchange;
  readonly #scripts: Readonly<Record<Side, (() => void)[]>>;
  readonly #toProcessor: ToProcessor[] = [];
  readonly #toEnvoy: ToEnvoy[] = [];
  #session: Session | null = null;
  /** The message of which a part has come. */
  #arriving: Arriving | null = null;
  #sessionOver = false;
  #bytesToEnvoy = 0;
  #writableDue = false;
  #paused = false;
  /** Bytes a paused processor still gets: what its windows hold. */
  #windowLeft = 0;
  #destroyed = false;
  #envoyClosed = false;
  #envoyReplies = false;
  #steps = 0;
  #turn = 0;

  constructor(seed: number, tracing: boolean) {
    this.seed = seed;
    this.#tracing = tracing;
    const random = seededRandom(seed);
    this.#random = random;
    this.scenario = randomScenario(random);
    this.program = randomProgram(random);
    const { scenario } = this;
    const log = (line: string) => this.log(line);
    this.run = new Run(
      this.program,
      {
        request: () => (scenario.withoutRequest ? new Uint8Array(0) : wholeBody(scenario.request)),
        response: () => wholeBody(scenario.response),
      },
      log,
    );
    this.run.unseen = (side) => {
      const tooLarge = this.verdicts.some(({ verdict }) => verdict === "tooLarge");
      return (scenario.envoy.observabilityMode && !this.sent.has(`${side} body`)) || (side === "response" && tooLarge);
    };
    this.service = playedService(this.run.middleware, scenario.attributes, log);
    this.#envoy = openEnvoyExchange(scenario.envoy);
    this.#scripts = {
      request: scenario.withoutRequest ? [] : this.#script("request", scenario.request),
      response: this.#script("response", scenario.response),
    };
  }

  async play(): Promise<void> {
    if (this.#tracing) {
      const { envoy, ...rest } = this.scenario;
      this.log(`envoy ${JSON.stringify(envoy)}`);
      this.log(`scenario ${JSON.stringify(rest, (_, value) => (value instanceof Uint8Array ? show(value) : value))}`);
      this.log(`program ${JSON.stringify(this.program)}`);
    }
    let idle = 0;
    let activity = -1;
    for (;;) {
      if (++this.#steps > MAX_STEPS) {
        this.violations.push(`not over after ${MAX_STEPS} steps`);
        break;
      }
      if (this.#steps === this.scenario.disturbAt) this.#disturb();
      const choices = this.#choices();
      if (choices.length > 0 && this.#random.below(3) > 0) {
        idle = 0;
        this.#random.pick(choices as [() => void, ...(() => void)[]])();
        if (this.#random.below(2) === 0) continue;
        await Promise.resolve();
        continue;
      }
      if (this.#random.below(2) === 0 && idle === 0)
        for (let i = this.#random.below(4); i > 0; i--) await Promise.resolve();
      else {
        await new Promise((resolve) => setImmediate(resolve));
        this.#turn++;
      }
      if (choices.length > 0) continue;
      if (activity !== this.run.activity) {
        activity = this.run.activity;
        idle = 0;
      }
      if (++idle <= IDLE_TURNS) continue;
      idle = 0;
      if (!this.#moveTime()) break;
    }
    this.#atRest();
  }

  log(line: string): void {
    if (this.#tracing) this.trace.push(line);
  }

  // What can happen next.

  #choices(): (() => void)[] {
    const choices: (() => void)[] = [];
    if (!this.#destroyed) {
      for (const side of ["request", "response"] as const) {
        const next = this.#scripts[side][0];
        if (next !== undefined && this.#mayGoOn(side)) {
          choices.push(() => {
            this.#scripts[side].shift();
            next();
          });
        }
      }
      if (this.#isOver) choices.push(() => this.#destroy("the exchange is over"));
    }
    const [message] = this.#toProcessor;
    if (this.#arriving !== null || (message !== undefined && this.#mayDeliver(message)))
      choices.push(() => this.#deliver());
    // What is written is sent when a turn ends; everything else that turn does may come before or after that.
    if ((this.#toEnvoy[0]?.turn ?? Infinity) + 1 < this.#turn) choices.push(() => this.#receive());
    if (this.#writableDue && this.#toEnvoy.length === 0 && !this.#sessionOver) {
      choices.push(() => {
        this.#writableDue = false;
        this.log("writable again");
        this.#session?.onWritable();
      });
    }
    return choices;
  }

  #mayGoOn(side: Side): boolean {
    if (this.localReply !== null || this.clientReset || !this.#envoy.reads(side)) return false;
    if (side === "request" || this.scenario.withoutRequest) return true;
    if (this.#envoyReplies) return false;
    if (this.scenario.answersEarly || this.#scripts.response.length < this.#responseParts)
      return this.seen.request.fields !== null;
    return this.seen.request.ended;
  }

  get #responseParts(): number {
    const { chunks, trailers } = this.scenario.response;
    return 1 + (chunks?.length ?? 0) + (trailers === null ? 0 : 1);
  }

  /** The client has all it gets. */
  get #isOver(): boolean {
    return this.localReply !== null || this.clientReset || this.seen.response.ended;
  }

  #script(side: Side, message: MessageScript): (() => void)[] {
    const { fields, chunks, trailers } = message;
    const envoy = this.#envoy;
    const steps: (() => void)[] = [
      () => {
        this.log(`${sender(side)}: headers${chunks === null ? ", end" : ""}`);
        this.#carryOut(envoy.headers(side, fields, chunks === null));
      },
    ];
    chunks?.forEach((chunk, index) => {
      const ends = trailers === null && index === chunks.length - 1;
      steps.push(() => {
        this.log(`${sender(side)}: body ${show(chunk)}${ends ? ", end" : ""}`);
        this.#carryOut(envoy.body(side, chunk, ends));
      });
    });
    if (trailers !== null) {
      steps.push(() => {
        this.log(`${sender(side)}: trailers`);
        this.#carryOut(envoy.trailers(side, trailers));
      });
    }
    return steps;
  }

  #disturb(): void {
    switch (this.scenario.disturbance) {
      case "none":
        return;
      case "clientAbort":
        this.disturbed = true;
        this.#destroy("the client leaves");
        return;
      case "timer": {
        const side = this.#random.pick<Side>(["request", "response"]);
        if (this.#envoy.timer(side) === null) return;
        this.disturbed = true;
        this.log(`envoy: message_timeout of the ${side}`);
        this.#carryOut(this.#envoy.timerExpired(side));
        return;
      }
      case "drain":
        if (this.#session === null || this.#sessionOver) return;
        this.disturbed = true;
        this.log("processor: drains");
        this.#session.endForDrain();
        return;
      case "serverDeadline":
        if (this.#session === null || this.#sessionOver) return;
        this.disturbed = true;
        this.log("processor: deadline");
        this.#session.checkDeadline(performance.now() + 1e9);
    }
  }

  #destroy(why: string): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.log(`envoy: ${why}`);
    this.#carryOut(this.#envoy.destroy());
  }

  /** Nothing happens any more. False: as it should be, else time goes on until something does. */
  #moveTime(): boolean {
    const { run } = this;
    const settled = run.state !== "running";
    const over = this.#session === null || this.#sessionOver;
    if (this.#destroyed || (this.#isOver && over)) {
      if (!over && !run.hangs && !settled)
        this.violations.push("the function waits for what never comes after the end");
      return false;
    }
    const outstanding = this.#envoy.outstanding("request") + this.#envoy.outstanding("response");
    if (!run.hangs && !this.timeMoved && this.scenario.disturbance !== "drain" && !this.#envoyReplies) {
      const what = settled ? `answers are due (${outstanding})` : "the function waits";
      this.violations.push(`hang: ${what}; envoy waits for ${this.#waiting()}`);
    }
    this.timeMoved = true;
    if (this.#session !== null && !this.#sessionOver) {
      const before = this.#toEnvoy.length;
      this.log("time passes at the processor");
      for (let i = 1; i < 4 && this.#toEnvoy.length === before && !this.#sessionOver; i++) {
        this.#session.checkDeadline(performance.now() + i * 1e9);
      }
      if (this.#toEnvoy.length > before || this.#sessionOver) return true;
    }
    for (const side of ["request", "response"] as const) {
      if (this.#envoy.timer(side) === null) continue;
      this.log(`envoy: message_timeout of the ${side}`);
      this.#carryOut(this.#envoy.timerExpired(side));
      return true;
    }
    this.#destroy("the client gives up");
    return true;
  }

  #waiting(): string {
    return (["request", "response"] as const)
      .map((side) => `${side} ${this.#envoy.outstanding(side)}${this.seen[side].ended ? " (ended)" : ""}`)
      .join(", ");
  }

  #atRest(): void {
    if (!this.#destroyed) this.#destroy("the exchange is over");
    while ((this.#arriving !== null || this.#toProcessor.length > 0) && !this.#sessionOver) this.#deliver();
    if (this.service.sessions.size > 0) this.violations.push("the session is still counted as in flight");
    if (this.service.metrics.inFlight.value !== 0) this.violations.push("the in-flight gauge is not back at 0");
    if (this.#session !== null && this.status === null && !this.#cancelled)
      this.violations.push("the call was never ended");
  }
  #cancelled = false;

  // Envoy's events.

  #carryOut(events: readonly EnvoyEvent[]): void {
    for (const event of events) {
      switch (event.kind) {
        case "send": {
          const { side, phase } = event.message;
          this.sent.add(`${side} ${phase.kind}`);
          const text = phase.kind === "body" ? ` ${show(phase.bytes)}` : "";
          const end = phase.kind !== "trailers" && phase.endOfStream ? ", end" : "";
          this.#toProcessor.push({
            kind: "message",
            bytes: encodeRequest(event.message),
            text: `${side} ${phase.kind}${text}${end}`,
          });
          break;
        }
        case "close":
          this.#envoyClosed = true;
          this.log("envoy: closes the stream");
          this.#toProcessor.push({ kind: "halfClose" });
          if (event.reset) this.#toProcessor.push({ kind: "reset" });
          break;
        case "forward":
          this.#see(event);
          break;
        case "localReply":
          this.localReply = {
            status: event.status,
            body: Buffer.from(event.body).toString("latin1"),
            details: event.details,
          };
          this.log(`client gets a local reply ${event.status} ${show(event.body)} ${event.details}`);
          break;
        case "resetClient":
          this.clientReset = true;
          this.log(`client is reset: ${event.details}`);
          break;
        case "clearRouteCache":
          break;
        case "verdict":
          if (event.verdict === "tooLarge") this.#envoyReplies = true;
          this.verdicts.push({
            verdict: event.verdict,
            text: event.text,
            afterEnd: this.#envoyClosed || this.#destroyed,
          });
          this.log(`envoy: ${event.verdict}: ${event.text}`);
      }
    }
  }

  #see({ side, part }: EnvoyEvent & { kind: "forward" }): void {
    const seen = this.seen[side];
    const who = side === "request" ? "upstream" : "client";
    if (seen.ended || (part.kind === "headers") !== (seen.fields === null)) seen.broken ??= `${part.kind} out of order`;
    switch (part.kind) {
      case "headers":
        seen.fields = part.fields;
        seen.ended = part.endOfStream;
        this.log(`${who} gets headers ${JSON.stringify(part.fields)}${part.endOfStream ? ", end" : ""}`);
        break;
      case "body":
        seen.chunks.push(part.bytes);
        seen.ended = part.endOfStream;
        this.log(`${who} gets body ${show(part.bytes)}${part.endOfStream ? ", end" : ""}`);
        break;
      case "trailers":
        seen.trailers = part.fields;
        seen.ended = true;
        this.log(`${who} gets trailers ${JSON.stringify(part.fields)}`);
    }
  }

  // The wires.

  #mayDeliver(message: ToProcessor): boolean {
    return !this.#paused || message.kind !== "message" || this.#windowLeft >= message.bytes.length;
  }

  #deliver(): void {
    if (this.#arriving !== null) return this.#goOnArriving(this.#arriving);
    const message = this.#toProcessor.shift();
    if (message === undefined || this.#sessionOver) return;
    switch (message.kind) {
      case "message":
        if (this.#paused) this.#windowLeft -= message.bytes.length;
        this.#session ??= new Session(this.service, this);
        this.#arriving = this.#beginArriving(message, this.#session);
        if (this.#arriving !== null) break;
        this.log(`processor gets ${message.text}`);
        this.#session.onMessage(message.bytes, 0, message.bytes.length);
        break;
      case "halfClose":
        this.log("processor gets the end of the stream");
        if (this.run.state === "running" || this.run.responded !== null) this.outlived = true;
        this.#session?.onHalfClose();
        break;
      case "reset":
        this.log("processor gets a reset");
        this.#sessionOver = true;
        this.#cancelled = true;
        this.#session?.onCancel("reset");
    }
  }

  /** Half of the messages come in two or more reads, where the session takes them so. */
  #beginArriving({ bytes, text }: ArrivingMessage, session: Session): Arriving | null {
    if (this.ended || this.#random.below(2) === 0 || bytes.length < 2) return null;
    const at = 1 + this.#random.below(bytes.length - 1);
    const parts = session.onLongMessage(bytes, 0, at, bytes.length);
    if (parts === null) return null;
    this.log(`processor gets the beginning of ${text}`);
    if (parts.onPart(bytes, 0, at, false)) bytes.fill(0xff, 0, at);
    return { bytes, text, parts, at };
  }

  #goOnArriving({ bytes, text, parts, at }: Arriving): void {
    this.#arriving = null;
    if (this.ended) return; // nobody reads on
    const isCut = this.#toProcessor.some(({ kind }) => kind === "reset") && this.#random.below(4) === 0;
    if (isCut) {
      while (this.#toProcessor[0]?.kind !== "reset") this.#toProcessor.shift();
      return;
    }
    const end = Math.min(bytes.length, at + 1 + this.#random.below(Math.max(12, bytes.length >> 2)));
    const isLast = end === bytes.length;
    this.log(`processor gets ${isLast ? "the end" : "more"} of ${text}`);
    if (parts.onPart(bytes, at, end, isLast)) bytes.fill(0xff, at, end);
    if (!isLast) this.#arriving = { bytes, text, parts, at: end };
  }

  #receive(): void {
    const message = this.#toEnvoy.shift();
    if (message === undefined) return;
    if (message.kind === "end") {
      this.log(`envoy gets the end: ${message.status.code} ${message.status.message ?? ""}`);
      this.#carryOut(this.#envoy.streamEnded(message.status.code, message.status.message));
      return;
    }
    this.#bytesToEnvoy -= message.bytes.length;
    const response = decodeResponse(message.bytes);
    if (this.#tracing) this.log(`envoy gets ${describe(response)}`);
    this.#carryOut(this.#envoy.answer(response));
    const last = this.#toEnvoy.at(-1);
    if (last?.kind === "end" && last.turn <= message.turn + 1) this.#receive();
  }

  // ServerCall.

  get ended(): boolean {
    return this.status !== null || this.#sessionOver;
  }

  sendMetadata(): void {}

  send(): boolean {
    throw new Error("answers come framed");
  }

  sendFramed(frames: Frames): boolean {
    if (this.status !== null) this.violations.push("a message after the status");
    for (const bytes of splitFrames(joinFrames(frames))) {
      this.#toEnvoy.push({ kind: "message", bytes, turn: this.#turn });
      this.#bytesToEnvoy += bytes.length;
    }
    if (this.#bytesToEnvoy < this.scenario.sendWindow) return true;
    this.#writableDue = true;
    return false;
  }

  end(status: GrpcStatus): void {
    if (this.status !== null) this.violations.push("a second status");
    this.status = status;
    this.#sessionOver = true;
    this.#toEnvoy.push({ kind: "end", status, turn: this.#turn });
    this.log(`processor ends: ${status.code} ${status.message ?? ""}`);
  }

  fail(error: unknown): void {
    this.violations.push(`call.fail: ${String(error)}`);
  }

  pause(): void {
    this.#paused = true;
    this.#windowLeft = this.#random.below(100_000);
    this.log("processor pauses");
  }

  resume(): void {
    this.#paused = false;
    this.log("processor resumes");
  }

  onWritable(): void {}
}

function nothingSeen(): Seen {
  return { fields: null, chunks: [], trailers: null, ended: false, broken: null };
}

function sender(side: Side): string {
  return side === "request" ? "client" : "upstream";
}

function describe(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Uint8Array) return show(item);
    return item === null ? undefined : item;
  });
}
