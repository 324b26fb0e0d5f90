/** The line a request leaves in the log: method, path, status and duration. */
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import type { FunctionLog } from "../contract.ts";

/** Gives what `result` gives, and writes the line when that is known; none for an event that is no request. */
export async function logAccess(
  event: FunctionEvent,
  log: FunctionLog,
  result: Promise<EventResult>,
): Promise<EventResult> {
  const startedAt = performance.now();
  const write = (status: number): void => {
    if (event.method === "") return;
    const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000;
    const { id, method, path, remoteAddress } = event;
    const agent = event.headers.find(([name]) => name === "user-agent")?.[1];
    log.info({ event: id, method, path, status, durationMs, remoteAddress, agent }, `${method} ${path} ${status}`);
  };
  try {
    const given = await result;
    write(given.status);
    return given;
  } catch (error) {
    if (error instanceof EventError) write(error.answer.status);
    throw error;
  }
}
