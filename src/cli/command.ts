/** What a command of the executable is. Each is declared once, in a file of its own; help texts are made from here. */

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name, e.g. "[function] [options]". */
  readonly usage: string;
  /** Longer text for `processor <name> --help`, one paragraph an entry. */
  readonly description?: readonly string[];
  /** How many positional arguments it takes at most. */
  readonly maxPositionals: number;
  readonly options: readonly CommandOption[];
  readonly examples: readonly CommandExample[];
  /** Does the work. Resolves with the exit code; throws `CommandError` for what the user can mend. Load what is heavy in here. */
  run(args: CommandArguments, io: CommandIo): Promise<number>;
}

export interface CommandOption {
  /** Without dashes, e.g. "config". */
  readonly name: string;
  /** One letter for `-X` beside `--name`. */
  readonly short?: string;
  /** Placeholder of its value, e.g. "FILE"; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** The heading it stands under in the help text. Default: Options. */
  readonly group?: string;
}

export interface CommandExample {
  readonly line: string;
  readonly help: string;
}

/** The parsed command line: only declared options, every value present. */
export interface CommandArguments {
  readonly positionals: readonly string[];
  /** Value of an option; the last one when it was given twice; undefined when it was not given. */
  option(name: string): string | undefined;
  /** All values of an option that may be given several times, in order. */
  all(name: string): readonly string[];
  /** Whether a switch is on. */
  has(name: string): boolean;
}

/** What a command may touch of the process. */
export interface CommandIo {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The main module: worker threads start from it. */
  readonly entry: URL;
}

export interface TextOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
}

/** An error the user can mend: printed as it is, without a stack. `exitCode` 2 is for a wrong command line, else 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
