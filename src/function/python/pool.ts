/**
 * The wrappers of one trigger: each event goes to the one that has been idle longest, or waits for the next to be free. One
 * that ends is replaced; it takes nothing with it but the event inside it.
 */
import type { NuclioEvent } from "../contract.ts";
import type { EventCall, FunctionHost } from "../event-function.ts";
import type { NuclioResult } from "../nuclio/result.ts";
import { createBackOff } from "../back-off.ts";
import { AllocationMetrics } from "./allocation-metrics.ts";
import { describeEnd, type PendingEvent, type WrapperCommand } from "./contract.ts";
import { cancelled, closing, noWorker, timedOut, workerLost } from "./failures.ts";
import { WrapperProcess } from "./wrapper-process.ts";

export type PoolHost = Pick<
  FunctionHost,
  | "log"
  | "metrics"
  | "trigger"
  | "numWorkers"
  | "workerAvailabilityTimeoutMs"
  | "workerTerminationTimeoutMs"
  | "eventTimeoutMs"
>;

interface WaitingEvent {
  readonly pending: PendingEvent;
  readonly since: number;
}

export class WrapperPool {
  readonly #command: WrapperCommand;
  readonly #host: PoolHost;
  readonly #metrics: AllocationMetrics;
  readonly #slots: Slot[];
  readonly #idle: Slot[] = [];
  /** First come, first served; and as all wait equally long, the first is the first to give up. */
  readonly #waiting = new Set<WaitingEvent>();
  #impatience: Timer | null = null;
  #closing = false;

  constructor(command: WrapperCommand, host: PoolHost) {
    this.#command = command;
    this.#host = host;
    this.#metrics = new AllocationMetrics(host.metrics, host.trigger);
    this.#slots = Array.from({ length: Math.max(1, host.numWorkers) }, (_, index) => new Slot(String(index)));
  }

  /** Resolves when all wrappers are ready; when one cannot start, all are ended and it rejects with why. */
  async start(): Promise<void> {
    const starts = this.#slots.map((slot) => this.#launch(slot));
    try {
      await Promise.all(starts);
    } catch (error) {
      this.#closing = true;
      for (const slot of this.#slots) slot.process?.kill();
      await Promise.allSettled(starts);
      throw error;
    }
    for (const slot of this.#slots) void this.#supervise(slot);
  }

  invoke(event: NuclioEvent, call: EventCall): Promise<NuclioResult> {
    const { promise, resolve, reject } = Promise.withResolvers<NuclioResult>();
    const pending: PendingEvent = { event, call, resolve, reject };
    this.#metrics.asked(this.#idle.length / this.#slots.length);
    if (this.#giveToIdle(pending)) this.#metrics.immediate();
    else if (this.#closing) reject(closing());
    else this.#enqueue(pending);
    return promise;
  }

  /** Nothing comes any more: lets the wrappers end by themselves, each within the termination timeout. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const waiting of this.#waiting) this.#giveUp(waiting, closing());
    if (this.#impatience !== null) clearTimeout(this.#impatience);
    await Promise.all(this.#slots.map((slot) => this.#end(slot)));
  }

  /** False when none is idle. */
  #giveToIdle(pending: PendingEvent): boolean {
    for (let slot = this.#idle.shift(); slot !== undefined; slot = this.#idle.shift()) {
      if (this.#give(slot, pending)) return true;
    }
    return false;
  }

  /** False when its wrapper is gone, which the supervision is about to see. */
  #give(slot: Slot, pending: PendingEvent): boolean {
    const { eventTimeoutMs } = this.#host;
    if (eventTimeoutMs > 0) slot.timer = setTimeout(() => this.#timeOut(slot), eventTimeoutMs);
    if (slot.process?.handle(pending) === true) return true;
    clearTimeout(slot.timer);
    return false;
  }

  #free(slot: Slot): void {
    clearTimeout(slot.timer);
    slot.freed?.();
    if (this.#closing || slot.process === null) return;
    for (const next of this.#waiting) {
      const { pending, since } = next;
      if (pending.call.signal.aborted) this.#giveUp(next, cancelled());
      else {
        if (this.#give(slot, pending)) {
          this.#waiting.delete(next);
          this.#metrics.afterWait(performance.now() - since);
        }
        return;
      }
    }
    this.#idle.push(slot);
  }

  #enqueue(pending: PendingEvent): void {
    if (this.#host.workerAvailabilityTimeoutMs === 0) {
      this.#metrics.timedOut();
      pending.reject(noWorker(0));
      return;
    }
    this.#waiting.add({ pending, since: performance.now() });
    this.#watchWaiting();
  }

  /** One timer for all that wait: most of them are served long before it. */
  #watchWaiting(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#impatience !== null) return;
    const { workerAvailabilityTimeoutMs: limitMs } = this.#host;
    const leftMs = Math.max(0, first.since + limitMs - performance.now());
    this.#impatience = setTimeout(() => {
      this.#impatience = null;
      const now = performance.now();
      for (const waiting of this.#waiting) {
        if (waiting.since + limitMs > now) break;
        this.#metrics.timedOut();
        this.#giveUp(waiting, noWorker(limitMs));
      }
      this.#watchWaiting();
    }, Math.ceil(leftMs));
  }

  #giveUp(waiting: WaitingEvent, reason: Error): void {
    this.#waiting.delete(waiting);
    waiting.pending.reject(reason);
  }

  /** Only this one goes: the handler in it hangs, and nothing else can end that. */
  #timeOut(slot: Slot): void {
    const { process } = slot;
    if (process === null || process.current === null) return;
    slot.overdue = true;
    process.kill();
  }

  async #launch(slot: Slot): Promise<void> {
    const process = new WrapperProcess(this.#command, slot.workerId, this.#host.log, () => this.#free(slot));
    slot.process = process;
    slot.overdue = false;
    try {
      await process.ready;
    } catch (error) {
      slot.process = null;
      throw error;
    }
    this.#free(slot);
  }

  async #supervise(slot: Slot): Promise<void> {
    const { log, eventTimeoutMs } = this.#host;
    const backOff = createBackOff();
    let readyAt: number | null = performance.now();
    for (;;) {
      const { process } = slot;
      if (process !== null) {
        const end = await process.ended;
        this.#lose(slot, slot.overdue ? timedOut(eventTimeoutMs) : workerLost(describeEnd(end)));
        if (this.#closing) return;
        const why = slot.overdue ? `was ended: its handler took longer than ${eventTimeoutMs} ms` : describeEnd(end);
        this.#metrics.lost(slot.overdue ? "timeout" : "exit");
        log.error({ worker_id: slot.workerId }, `Python worker ${slot.workerId} ${why}; it is replaced`);
      }
      await Bun.sleep(backOff.next(readyAt === null ? null : performance.now() - readyAt));
      if (this.#closing) return;
      readyAt = await this.#relaunch(slot);
    }
  }

  async #relaunch(slot: Slot): Promise<number | null> {
    try {
      await this.#launch(slot);
      return performance.now();
    } catch (error) {
      if (!this.#closing)
        this.#host.log.error({ worker_id: slot.workerId, err: error }, "a Python worker cannot start again");
      return null;
    }
  }

  #lose(slot: Slot, reason: Error): void {
    const { process } = slot;
    slot.process = null;
    const at = this.#idle.indexOf(slot);
    if (at >= 0) this.#idle.splice(at, 1);
    clearTimeout(slot.timer);
    slot.freed?.();
    const pending = process?.current ?? null;
    // What was on its way when the process ended is none of its losses.
    if (pending === null || process?.untouched !== true || this.#closing) process?.fail(reason);
    else if (!this.#giveToIdle(pending)) this.#enqueue(pending);
  }

  async #end(slot: Slot): Promise<void> {
    const { workerTerminationTimeoutMs: limitMs } = this.#host;
    const startedAt = performance.now();
    const { process } = slot;
    if (process === null) return;
    if (process.current !== null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      slot.freed = resolve;
      await Promise.race([promise, Bun.sleep(limitMs)]);
    }
    await process.end(Math.max(0, limitMs - (performance.now() - startedAt)));
  }
}

/** A place in the pool: a process, and after its end the next one. */
class Slot {
  readonly workerId: string;
  process: WrapperProcess | null = null;
  timer: Timer | undefined;
  /** Its process is being ended because its event took too long. */
  overdue = false;
  /** Called when no event is in it any more: somebody waits for that. */
  freed: (() => void) | null = null;

  constructor(workerId: string) {
    this.workerId = workerId;
  }
}
