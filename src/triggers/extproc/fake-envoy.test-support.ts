/**
 * Envoy's side of one exchange, for tests: sends phases, decodes answers with an independent decoder, and holds every
 * answer against the callback state Envoy would be in. An answer Envoy would call spurious throws.
 */
import { join } from "node:path";
import protobuf from "protobufjs";
import type { Middleware } from "../../function/contract.ts";
import type { CallMetadata, Frames, GrpcStatus, ServerCall } from "../../grpc/contract.ts";
import { joinFrames } from "../../grpc/frames.test-support.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { HistogramCell, NumberCell } from "../../telemetry/recorder.ts";
import * as v from "valibot";
import { type ExtprocAttributes, extprocAttributes } from "./attributes.ts";
import { startDeadlineSweep } from "./deadline-sweep.ts";
import { ExtprocMetrics } from "./exchange-metrics.ts";
import { OpenExchanges } from "./open-exchanges.ts";
import { type MiddlewareService, createHeaderGuard } from "./service.ts";
import { Session } from "./session.ts";
import { ProcessingRequestReader } from "./wire/processing-request.ts";

const protoRoot = new protobuf.Root();
protoRoot.resolvePath = (_origin, target) =>
  target.startsWith("google/") ? target : join(import.meta.dir, "../../../proto", target);
protoRoot.loadSync("envoy/service/ext_proc/v3/external_processor.proto");
const requestType = protoRoot.lookupType("envoy.service.ext_proc.v3.ProcessingRequest");
const responseType = protoRoot.lookupType("envoy.service.ext_proc.v3.ProcessingResponse");

/** A decoded ProcessingResponse: camelCase names, bytes as Latin-1 text, only what was set. */
export type Answer = { readonly [member: string]: unknown };
export type Fields = readonly (readonly [name: string, value: string])[];

export interface LogLine {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

export interface FakeService extends MiddlewareService {
  readonly lines: LogLine[];
  /** Counters by "name{label,…}". */
  readonly counters: Map<string, NumberCell>;
}

/** A service as `open.ts` makes it, with what it logs and counts in reach. `attributes` as a user writes them. */
export function fakeService(
  run: Middleware,
  attributes: object = {},
  overrides: Partial<MiddlewareService> = {},
): FakeService {
  const settings: ExtprocAttributes = v.parse(extprocAttributes, attributes);
  const lines: LogLine[] = [];
  const counters = new Map<string, NumberCell>();
  const recorder = {
    number(definition: { name: string }, labels: readonly string[]): NumberCell {
      const key = `${definition.name}{${labels.join()}}`;
      const cell = counters.get(key) ?? { value: 0 };
      counters.set(key, cell);
      return cell;
    },
    histogram: (): HistogramCell => ({ observe() {} }),
  };
  const sessions = new OpenExchanges();
  startDeadlineSweep(sessions, settings.timeoutMs);
  return {
    settings,
    run,
    origin: { file: import.meta.path, exportName: "default" },
    onError: settings.onError ?? 500,
    runsWithoutRequest: settings.withoutRequest === "run",
    log: recordingLog(lines),
    metrics: new ExtprocMetrics(recorder, "test", 0),
    headerGuard: createHeaderGuard(settings),
    reader: new ProcessingRequestReader(),
    sessions,
    told: new Set(),
    lines,
    counters,
    ...overrides,
  };
}

/** What Envoy waits for in a direction. In STREAMED several chunks may be unanswered, in duplex none is counted. */
type CallbackState = "idle" | "headers" | "body" | "trailers";
type BodyForm = "whole" | "chunks" | "duplex";

interface DirectionState {
  waitsFor: CallbackState;
  readonly form: BodyForm;
  unanswered: number;
  begun: boolean;
  ended: boolean;
}

/** One stream as Envoy holds it. */
export class FakeEnvoy implements ServerCall {
  readonly path = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
  readonly metadata: CallMetadata = {
    get: (name) => (name === "x-tenant" ? "blue" : undefined),
    getAll: () => [],
    getBinary: () => [],
    entries: () => [],
  };
  readonly signal = new AbortController().signal;
  readonly answers: Answer[] = [];
  status: GrpcStatus | null = null;
  /** The processor takes no more for now. */
  paused = false;
  readonly session: Session;
  readonly #config: object | null;
  /** Bytes let through or put in their place, by direction: what upstream and client see of the body. */
  readonly bodies = { request: "", response: "" };
  readonly #state: { readonly request: DirectionState; readonly response: DirectionState };
  readonly #chunks: { readonly request: string[]; readonly response: string[] } = { request: [], response: [] };
  #closed = false;
  #configSent = false;

  /** `config` is the `protocol_config` announced, e.g. `{ requestBodyMode: "BUFFERED" }`; null for none. */
  constructor(service: MiddlewareService, config: object | null = {}) {
    this.#config = config;
    const { requestBodyMode, responseBodyMode } = (config ?? {}) as {
      requestBodyMode?: string;
      responseBodyMode?: string;
    };
    this.#state = { request: directionState(requestBodyMode), response: directionState(responseBodyMode) };
    this.session = new Session(service, this);
  }

  get ended(): boolean {
    return this.status !== null;
  }

  requestHeaders(fields: Fields, endOfStream = false, more: object = {}): void {
    this.#state.request.waitsFor = "headers";
    this.#send({ requestHeaders: { headers: headerMap(fields), endOfStream }, ...more });
  }

  requestBody(body: string, endOfStream = true): void {
    this.#bodySent("request", body);
    this.#send({ requestBody: { body: Buffer.from(body, "latin1"), endOfStream } });
  }

  /** As `requestBody`, in several reads of at most `readBytes`; `between` is called before each but the first. */
  async requestBodyInReads(body: string, readBytes: number, between: () => Promise<unknown>): Promise<void> {
    this.#bodySent("request", body);
    const bytes = this.#encode({ requestBody: { body: Buffer.from(body, "latin1"), endOfStream: true } });
    const parts = this.session.onLongMessage(bytes, 0, readBytes, bytes.length);
    if (parts === null) throw new Error("the message is not taken in parts");
    for (let at = 0; at < bytes.length; at += readBytes) {
      if (at > 0) await between();
      const end = Math.min(bytes.length, at + readBytes);
      if (parts.onPart(bytes, at, end, end === bytes.length)) bytes.fill(0xff, at, end);
    }
  }

  requestTrailers(fields: Fields): void {
    this.#state.request.waitsFor = "trailers";
    this.#send({ requestTrailers: { trailers: headerMap(fields) } });
  }

  responseHeaders(fields: Fields, endOfStream = false, more: object = {}): void {
    this.#state.response.waitsFor = "headers";
    this.#send({ responseHeaders: { headers: headerMap(fields), endOfStream }, ...more });
  }

  responseBody(body: string, endOfStream = true): void {
    this.#bodySent("response", body);
    this.#send({ responseBody: { body: Buffer.from(body, "latin1"), endOfStream } });
  }

  responseTrailers(fields: Fields): void {
    this.#state.response.waitsFor = "trailers";
    this.#send({ responseTrailers: { trailers: headerMap(fields) } });
  }

  raw(message: object): void {
    this.#send(message);
  }

  /** END_STREAM and RST_STREAM, as at the end of every exchange. */
  close(): void {
    this.#closed = true;
    this.session.onHalfClose();
    this.session.onCancel("reset");
  }

  /** Lets the function and everything it waits for run on. */
  async settle(): Promise<this> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
    for (let i = 0; i < 20; i++) await Promise.resolve();
    return this;
  }

  /** Waits for what takes real time; a test that waits in vain runs into its own time limit. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await Bun.sleep(1);
  }

  sendMetadata(): void {}

  send(): boolean {
    throw new Error("answers come framed");
  }

  sendFramed(sent: Frames): boolean {
    const frames = joinFrames(sent);
    if (this.status !== null) throw new Error("a message after the status");
    let at = 0;
    const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
    while (at < frames.length) {
      if (frames[at] !== 0) throw new Error("compressed flag set");
      const length = view.getUint32(at + 1);
      this.#take(frames.subarray(at + 5, at + 5 + length));
      at += 5 + length;
    }
    return true;
  }

  end(status: GrpcStatus): void {
    this.status ??= status;
  }

  fail(): void {}

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  onWritable(): void {}

  #take(bytes: Uint8Array): void {
    const decoded = responseType.decode(bytes);
    const plain = responseType.toObject(decoded, { enums: String, bytes: String, longs: Number });
    const answer = latin1Bytes(plain) as Answer;
    this.answers.push(answer);
    if (this.#closed) return;
    const member = decoded as unknown as { response?: string };
    if ("overrideMessageTimeout" in answer) return;
    switch (member.response) {
      case "requestHeaders":
        return this.#accept("request", "headers", answer);
      case "requestBody":
        return this.#accept("request", "body", answer);
      case "requestTrailers":
        return this.#accept("request", "trailers", answer);
      case "responseHeaders":
        return this.#accept("response", "headers", answer);
      case "responseBody":
        return this.#accept("response", "body", answer);
      case "responseTrailers":
        return this.#accept("response", "trailers", answer);
      case "streamedImmediateResponse":
        return;
      case "immediateResponse":
        this.#closed = true;
        return;
      case undefined:
      default:
        throw new Error(`spurious: no member of the oneof in ${JSON.stringify(answer)}`);
    }
  }

  #bodySent(direction: "request" | "response", body: string): void {
    const state = this.#state[direction];
    state.begun = true;
    this.#chunks[direction].push(body);
    if (state.form === "whole") state.waitsFor = "body";
    else if (state.form === "chunks") state.unanswered++;
  }

  #accept(direction: "request" | "response", phase: CallbackState, answer: Answer): void {
    const state = this.#state[direction];
    const spurious = (): Error => new Error(`spurious: ${JSON.stringify(answer)} in ${JSON.stringify(state)}`);
    if (phase === "body" && state.form !== "whole") {
      this.#acceptChunk(direction, answer, spurious);
      return;
    }
    if (state.waitsFor !== phase) throw spurious();
    state.waitsFor = "idle";
    if (phase !== "body") return;
    const { bodyMutation } = responseOf(answer);
    this.bodies[direction] += bodyMutation === undefined ? this.#chunks[direction].join("") : (bodyMutation.body ?? "");
  }

  #acceptChunk(direction: "request" | "response", answer: Answer, spurious: () => Error): void {
    const state = this.#state[direction];
    const { bodyMutation } = responseOf(answer);
    if (state.waitsFor === "headers" || !state.begun || state.ended) throw spurious();
    if (state.form === "duplex") {
      const streamed = bodyMutation?.streamedResponse;
      if (streamed === undefined) throw spurious();
      this.bodies[direction] += streamed.body ?? "";
      if (streamed.endOfStream === true) state.ended = true;
      return;
    }
    if (bodyMutation?.streamedResponse !== undefined || state.unanswered === 0) throw spurious();
    state.unanswered--;
    const original = this.#chunks[direction].shift() ?? "";
    this.bodies[direction] += bodyMutation === undefined ? original : (bodyMutation.body ?? "");
  }

  /** In duplex: the end of the body was sent back. */
  bodyEnded(direction: "request" | "response"): boolean {
    return this.#state[direction].ended;
  }

  #send(message: object): void {
    const bytes = this.#encode(message);
    this.session.onMessage(bytes, 0, bytes.length);
  }

  #encode(message: object): Buffer {
    const config = this.#configSent || this.#config === null ? {} : { protocolConfig: this.#config };
    this.#configSent = true;
    const encoded = requestType.encode(
      requestType.fromObject({ ...message, metadataContext: {}, ...config, ...message }),
    );
    return Buffer.from(encoded.finish());
  }
}

interface DecodedBodyMutation {
  readonly body?: string;
  readonly clearBody?: boolean;
  readonly streamedResponse?: { readonly body?: string; readonly endOfStream?: boolean };
}

function responseOf(answer: Answer): { readonly bodyMutation?: DecodedBodyMutation } {
  const [member] = Object.values(answer) as { response?: { bodyMutation?: DecodedBodyMutation } }[];
  return member?.response ?? {};
}

function directionState(mode: string | undefined): DirectionState {
  const form = mode === "STREAMED" ? "chunks" : mode === "FULL_DUPLEX_STREAMED" ? "duplex" : "whole";
  return { waitsFor: "idle", form, unanswered: 0, begun: false, ended: false };
}

function headerMap(fields: Fields): object {
  return { headers: fields.map(([key, value]) => ({ key, rawValue: Buffer.from(value, "latin1") })) };
}

/** Base64 texts, as protobufjs gives bytes, to Latin-1. */
function latin1Bytes(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => latin1Bytes(item, key));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, latin1Bytes(item, name)]));
  }
  if (typeof value === "string" && (key === "rawValue" || key === "body")) {
    return Buffer.from(value, "base64").toString("latin1");
  }
  return value;
}

function recordingLog(lines: LogLine[]): Logger {
  const method =
    (level: string) =>
    (first: object | string, second = ""): void => {
      if (typeof first === "string") lines.push({ level, fields: {}, message: first });
      else lines.push({ level, fields: first, message: second });
    };
  const log: Logger = {
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
    child: () => log,
    isLevelEnabled: () => true,
  };
  return log;
}
