/** A processor of its own for a function file: a child process on a unix socket, gone when the exchange is over. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError, type CommandIo } from "../command.ts";

export interface ServedFunction extends AsyncDisposable {
  /** For gRPC clients: "unix:/path". */
  readonly address: string;
  /** Resolves with its output when it ended by itself, which it only does when it could not start. */
  readonly failed: Promise<string>;
  /** From now on what it writes is what the function logs: it goes to standard error. */
  showLog(): void;
}

/** Nothing but the trigger: no other ports, one worker. */
function environmentFor(socket: string): Record<string, string> {
  return {
    PROCESSOR_TRIGGERS__INVOKE__KIND: "extproc",
    PROCESSOR_TRIGGERS__INVOKE__NUM_WORKERS: "1",
    PROCESSOR_TRIGGERS__INVOKE__ATTRIBUTES__SOCKET__PATH: socket,
    PROCESSOR_PLATFORM__WEB_ADMIN__ENABLED: "false",
    PROCESSOR_PLATFORM__HEALTH_CHECK__ENABLED: "false",
    PROCESSOR_PLATFORM__METRICS__ENABLED: "false",
  };
}

export async function serveFunction(file: string, io: CommandIo): Promise<ServedFunction> {
  const directory = await mkdtemp(join(tmpdir(), "invoke-"));
  const socket = join(directory, "processor.sock");
  const child = Bun.spawn([...ownCommand(io.entry), "run", file], {
    cwd: io.cwd,
    env: { ...io.env, ...environmentFor(socket) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let shows = false;
  let early = "";
  const take = (text: string): void => {
    if (shows) io.stderr.write(text);
    else early += text;
  };
  const read = Promise.all([forward(child.stdout, take), forward(child.stderr, take)]);
  return {
    address: `unix:${socket}`,
    failed: child.exited.then(async () => {
      await read;
      return early;
    }),
    showLog() {
      shows = true;
    },
    async [Symbol.asyncDispose]() {
      shows = false;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
      await child.exited;
      clearTimeout(timer);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Waits for the connection or for the child's early end, whichever comes first. */
export async function whenServed(served: ServedFunction, ready: Promise<void>): Promise<void> {
  const failure = await Promise.race([
    ready.then(
      () => null,
      () => "it did not open its socket in time\n",
    ),
    served.failed,
  ]);
  if (failure !== null) throw new CommandError(`the function could not be started:\n${failure.trimEnd()}`);
  served.showLog();
}

/** The executable itself, or the runtime with the main module when run from source. */
function ownCommand(entry: URL): string[] {
  const isCompiled = entry.href.includes("/$bunfs/");
  return isCompiled ? [process.execPath] : [process.execPath, fileURLToPath(entry)];
}

async function forward(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
}
