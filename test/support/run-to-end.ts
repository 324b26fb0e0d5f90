/** The compiled processor on a configuration that ends by itself, or by a signal: its exit code and what it said. */
import { join } from "node:path";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { executablePath } from "./executable.ts";

/** Nothing but the triggers: runs do not meet on the ports of the own servers. */
export const withoutOwnServers: Readonly<Record<string, string>> = {
  PROCESSOR_PLATFORM__WEB_ADMIN__ENABLED: "false",
  PROCESSOR_PLATFORM__HEALTH_CHECK__ENABLED: "false",
  PROCESSOR_PLATFORM__METRICS__ENABLED: "false",
};

export interface RunOptions {
  /** Source text of `function.ts`. */
  readonly source: string;
  /** `spec.triggers`. */
  readonly triggers: object;
  /** More fields of `spec`. */
  readonly spec?: object;
  readonly env?: Readonly<Record<string, string>>;
  /** More files of its directory, or others instead of those. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Run {
  readonly directory: string;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Resolves as soon as there is a line of the log whose message matches. */
  waitForMessage(pattern: RegExp): Promise<void>;
  readonly ended: Promise<EndedRun>;
}

export interface EndedRun {
  readonly directory: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Messages of the log, from whichever stream it went to; times and the directory's name are left out. */
  readonly messages: readonly string[];
  readonly tookMs: number;
}

/** Starts in a directory of its own, which is also its place for temporary files. */
export async function startRun(options: RunOptions): Promise<Run> {
  const spec = { handler: "function.ts", runtime: "nodejs", triggers: options.triggers, ...options.spec };
  const files = { "function.ts": options.source, "processor.yaml": JSON.stringify({ spec }), ...options.files };
  const directory = scratchDirectory(files);
  const startedAt = performance.now();
  const child = Bun.spawn([await executablePath(), "--config", join(directory, "processor.yaml")], {
    cwd: directory,
    env: { ...process.env, ...withoutOwnServers, TMPDIR: directory, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  const read = async (name: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of child[name]) texts[name] += decoder.decode(chunk, { stream: true });
  };
  const reads = Promise.all([read("stdout"), read("stderr")]);
  const messages = (): string[] => messagesOf(`${texts.stdout}\n${texts.stderr}`, directory);
  return {
    directory,
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    async waitForMessage(pattern) {
      for (const deadline = Date.now() + 5000; Date.now() < deadline; await Bun.sleep(5)) {
        if (messages().some((message) => pattern.test(message))) return;
      }
      throw new Error(`nothing like ${pattern} was said:\n${messages().join("\n")}`);
    },
    ended: child.exited.then(async (code) => {
      const tookMs = performance.now() - startedAt;
      await reads;
      return { directory, code, ...texts, messages: messages(), tookMs };
    }),
  };
}

export async function runToEnd(options: RunOptions): Promise<EndedRun> {
  const run = await startRun(options);
  return run.ended;
}

function messagesOf(text: string, directory: string): string[] {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return [];
    const { message } = JSON.parse(line) as { readonly message?: string };
    if (message === undefined) return [];
    return [message.replaceAll(directory, "<dir>").replace(/\b\d+(\.\d+)? (ms|s)\b/gu, "N $2")];
  });
}
