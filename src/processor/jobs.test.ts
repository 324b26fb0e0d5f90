import { expect, test } from "bun:test";
import type { Logger } from "../telemetry/log.ts";
import type { RunAttempt, RunOutcome } from "../triggers/contract.ts";
import { type Job, runJobs } from "./jobs.ts";

const body = new Uint8Array();
const succeeded: RunOutcome = { kind: "succeeded", text: "200", tookMs: 1, result: { status: 200, headers: [], body } };
const failed: RunOutcome = { kind: "failed", text: "boom (/f.ts:1:1)", tookMs: 2.4, result: null };
const cancelled: RunOutcome = { kind: "cancelled", text: "cut off", tookMs: 3, result: null };

function job(name: string, maxRetries: number, plan: Partial<Job["plan"]> = {}): Job {
  return { name, plan: { maxRetries, backOffMs: 1, maxBackOffMs: 2, resultFile: null, ...plan } };
}

/** Plays the outcomes of each job in turn. */
async function play(
  jobs: readonly Job[],
  outcomes: Record<string, RunOutcome[]>,
  signal = new AbortController().signal,
) {
  const attempts: (RunAttempt & { readonly name: string })[] = [];
  const lines: string[] = [];
  const write = (level: string) => (fields: object | string, text?: string) =>
    void lines.push(`${level} ${typeof fields === "string" ? fields : text}`);
  const log: Logger = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => log,
    isLevelEnabled: () => true,
  };
  const run = async (name: string, attempt: RunAttempt): Promise<RunOutcome> => {
    attempts.push({ name, ...attempt });
    return outcomes[name]?.shift() ?? succeeded;
  };
  const worst = await runJobs({ jobs, pool: { run }, log, signal });
  return { worst, attempts, lines };
}

test("a failed job is tried again with the same event id, after pauses that double up to the longest", async () => {
  const { worst, attempts, lines } = await play([job("a", 3)], { a: [failed, failed, failed, succeeded] });
  expect(worst).toBe("succeeded");
  expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
  expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expect(lines).toEqual([
    'error job "a" failed after 2 ms, attempt 1 of 4: boom (/f.ts:1:1)',
    'info job "a": attempt 2 of 4 in 1 ms',
    'error job "a" failed after 2 ms, attempt 2 of 4: boom (/f.ts:1:1)',
    'info job "a": attempt 3 of 4 in 2 ms',
    'error job "a" failed after 2 ms, attempt 3 of 4: boom (/f.ts:1:1)',
    'info job "a": attempt 4 of 4 in 2 ms',
    'info job "a" succeeded after 1 ms, attempt 4 of 4: 200',
  ]);
});

test("the worst outcome counts, and every job runs to its end", async () => {
  const jobs = [job("a", 0), job("b", 1), job("c", 0)];
  const { worst, attempts } = await play(jobs, { a: [failed], b: [failed, succeeded], c: [cancelled] });
  expect(worst).toBe("failed");
  expect(attempts.map(({ name }) => name)).toEqual(["a", "b", "c", "b"]);
  expect((await play(jobs, { c: [cancelled] })).worst).toBe("cancelled");
});

test("a cancelled job is not tried again, nor is one that fails after the signal", async () => {
  expect((await play([job("a", 5)], { a: [cancelled] })).attempts).toHaveLength(1);
  expect((await play([job("a", 5)], { a: [failed] }, AbortSignal.abort())).attempts).toHaveLength(1);
});

test("a signal during the pause ends it", async () => {
  const patient = job("a", 5, { backOffMs: 60_000, maxBackOffMs: 60_000 });
  const { worst, lines } = await play([patient], { a: [failed] }, AbortSignal.timeout(5));
  expect(worst).toBe("cancelled");
  expect(lines.at(-1)).toBe('warn job "a" was cancelled before attempt 2');
});

test("a result that cannot be kept fails the job without another attempt", async () => {
  const { worst, attempts, lines } = await play([job("a", 3, { resultFile: "/nowhere/result" })], {});
  expect(worst).toBe("failed");
  expect(attempts).toHaveLength(1);
  expect(lines.at(-1)).toStartWith('error job "a": its result could not be kept: ENOENT');
});
