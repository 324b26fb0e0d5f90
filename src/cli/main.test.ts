import { describe, expect, test } from "bun:test";
import { version } from "../version.ts";
import type { Command } from "./command.ts";
import { commands, dispatch } from "./main.ts";
import { parseArguments } from "./parse-arguments.ts";

async function call(...args: string[]) {
  const written = { out: "", err: "" };
  const code = await dispatch(args, {
    stdout: { isTerminal: false, write: (text) => void (written.out += text) },
    stderr: { isTerminal: false, write: (text) => void (written.err += text) },
    env: {},
    cwd: "/",
    entry: new URL("file:///main.ts"),
  });
  return { code, ...written };
}

describe("the command line", () => {
  test("--version and -version show the version", async () => {
    expect(await call("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
    expect(await call("-version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  test("--list-runtimes lists one a line", async () => {
    expect(await call("--list-runtimes")).toEqual({ code: 0, out: "kubeless\nkyma\nnodejs\npython\n", err: "" });
  });

  test("--help names every command and fits one screen", async () => {
    const { code, out } = await call("--help");
    expect(code).toBe(0);
    for (const name of Object.keys(commands)) expect(out).toContain(`\n  ${name} `);
    expect(out.split("\n").length).toBeLessThanOrEqual(50);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect((await call()).out).toBe(out);
    expect((await call("-h")).out).toBe(out);
  });

  test("every command is declared under its own name and has its own help", async () => {
    for (const [name, load] of Object.entries(commands)) {
      const command = await load();
      expect(command.name).toBe(name);
      const { code, out } = await call(name, "--help");
      expect(code).toBe(0);
      expect(out.split("\n")[0]).toBe(command.summary);
      for (const option of command.options) expect(out).toContain(`--${option.name}`);
    }
  });

  test("a misspelt command is an error that names the right one", async () => {
    expect(await call("rnu")).toEqual({
      code: 2,
      out: "",
      err: 'processor: unknown command "rnu": did you mean "run"?\n"processor --help" shows what is possible.\n',
    });
  });

  test("a file instead of a command is an error that says how", async () => {
    expect((await call("hello.ts")).err).toStartWith(
      'processor: unknown command "hello.ts": to run a function, write "processor run hello.ts"\n',
    );
  });

  test("a misspelt option is an error with exit code 2, also in the bare form", async () => {
    expect(await call("run", "--confg", "a.yaml")).toEqual({
      code: 2,
      out: "",
      err: 'processor: unknown option --confg: did you mean --config?\n"processor run --help" shows what is possible.\n',
    });
    expect(await call("-confg=a.yaml")).toMatchObject({ code: 2 });
  });
});

describe("parseArguments", () => {
  const command: Command = {
    name: "test",
    summary: "Test.",
    usage: "",
    maxPositionals: 1,
    options: [
      { name: "config", value: "FILE", help: "A file." },
      { name: "json", help: "A switch." },
    ],
    examples: [],
    run: () => Promise.resolve(0),
  };

  test.each([
    [["-config", "a"], "a", []],
    [["--config", "a"], "a", []],
    [["-config=a=b"], "a=b", []],
    [["--config=a", "x", "--config", "b"], "b", ["x"]],
    [["--", "--config"], undefined, ["--config"]],
  ] as const)("%j", (args, config, positionals) => {
    const parsed = parseArguments(command, args);
    expect([parsed.option("config"), parsed.positionals]).toEqual([config, [...positionals]]);
  });

  test("a switch may carry true or false", () => {
    const on = [["--json"], ["-json=true"], ["--json=1"]].map((args) => parseArguments(command, args).has("json"));
    const off = [["--json=false"], ["--json", "--json=0"], []].map((args) => parseArguments(command, args).has("json"));
    expect([on, off]).toEqual([
      [true, true, true],
      [false, false, false],
    ]);
  });

  test.each([
    [["--config"], "option --config needs a value: --config FILE"],
    [["--json=maybe"], 'option --json is a switch: it takes no value, or true or false, not "maybe"'],
    [["a", "b"], 'unexpected argument "b"'],
    [["--zzzzzz"], "unknown option --zzzzzz"],
  ])("%j is refused", (args, message) => {
    expect(() => parseArguments(command, args)).toThrow(message);
  });
});
