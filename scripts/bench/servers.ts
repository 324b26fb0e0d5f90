/** Servers that are started to be measured, and end with the section. */
import { type RunningProcess, startProcess } from "../../test/support/process.ts";

export interface ServerStart {
  /** The contestant's name. */
  readonly name: string;
  readonly port: number;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Takes its standard output, so that reading a log costs the load generator nothing. */
  readonly logFile?: string;
}

export interface RunningServer extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

/**
 * Starts the server and resolves once `firstAnswer` has: it is to try until it is answered.
 * Rejects with what the server wrote when it ends before.
 */
export async function startServer(
  start: ServerStart,
  firstAnswer: (port: number) => Promise<void>,
): Promise<RunningServer> {
  const { name, port, command, env = {}, logFile } = start;
  const server = startProcess({ command, env, ...(logFile === undefined ? {} : { outputFile: logFile }) });
  try {
    await answersOrEnds(server, firstAnswer(port));
  } catch (error) {
    await server.stop("SIGKILL");
    const log = logFile === undefined ? "" : await Bun.file(logFile).text();
    throw new Error(`${name} does not serve:\n${server.lines.join("\n")}\n${log}`, { cause: error });
  }
  return {
    name,
    port,
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      await server.stop("SIGTERM", 2000);
    },
  };
}

/** Rejects as soon as the process ends: nobody will answer then. */
async function answersOrEnds(server: RunningProcess, answer: Promise<void>): Promise<void> {
  const ended = server.exited.then((code) => {
    throw new Error(`ended with exit code ${code}`);
  });
  await Promise.race([answer, ended]);
  ended.catch(() => {}); // it is to end later, and the race is over
}
