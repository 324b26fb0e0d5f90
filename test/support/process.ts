/** Child processes of tests: their output line by line, and an end that cannot be forgotten. */

export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  /** Lines written so far, standard output and error as they came. */
  readonly lines: readonly string[];
  /** The exit code; 128 + the signal's number when a signal ended it. */
  readonly exited: Promise<number>;
  /** The first line that matches, written already or yet to come. Rejects when the process ends or time (3 s) is up. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Sends the signal and resolves with the exit code; after `timeoutMs` (10 s) SIGKILL follows. */
  stop(signal?: NodeJS.Signals, timeoutMs?: number): Promise<number>;
}

export interface StartOptions {
  readonly command: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard output goes to this file and not into `lines`: nobody is kept busy reading it. */
  readonly outputFile?: string;
  /** It has children of its own to end: disposing sends SIGTERM first. */
  readonly endsChildren?: boolean;
}

const running = new Set<Bun.Subprocess>();

/** Ends whatever a failed test left behind. */
export function killRunningProcesses(): void {
  for (const child of running) child.kill("SIGKILL");
}

export function startProcess(options: StartOptions): RunningProcess {
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const child = Bun.spawn([...options.command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdin: "ignore",
    stdout: options.outputFile === undefined ? "pipe" : Bun.file(options.outputFile),
    stderr: "pipe",
  });
  running.add(child);
  const onLine = (line: string): void => {
    lines.push(line);
    for (const listener of listeners) listener(line);
  };
  const read = Promise.all([readLines(child.stdout, onLine), readLines(child.stderr, onLine)]);
  const exited = child.exited.then((code) => {
    running.delete(child);
    return code;
  });

  const waitForLine = async (pattern: RegExp, timeoutMs = 3000): Promise<string> => {
    const seen = lines.find((line) => pattern.test(line));
    if (seen !== undefined) return seen;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const listener = (line: string): void => {
      if (pattern.test(line)) resolve(line);
    };
    const complain = (what: string): void =>
      reject(new Error(`${options.command[0]} ${what} before ${pattern} was seen:\n${lines.slice(-40).join("\n")}`));
    const timer = setTimeout(() => complain(`took longer than ${timeoutMs} ms`), timeoutMs);
    listeners.add(listener);
    void Promise.all([exited, read]).then(([code]) => complain(`ended with ${code}`));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      listeners.delete(listener);
    }
  };

  const stop = async (signal: NodeJS.Signals = "SIGTERM", timeoutMs = 10_000): Promise<number> => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const code = await exited;
    clearTimeout(timer);
    await read;
    return code;
  };

  return {
    pid: child.pid,
    lines,
    exited,
    waitForLine,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop(options.endsChildren === true ? "SIGTERM" : "SIGKILL");
    },
  };
}

async function readLines(stream: Bun.Subprocess["stdout"], onLine: (line: string) => void): Promise<void> {
  if (!(stream instanceof ReadableStream)) return; // it goes to a file
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) onLine(line);
  }
  if (rest !== "") onLine(rest);
}
