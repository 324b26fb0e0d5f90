/** What can go wrong at the start is one or two lines that name it, and an exit code. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { executablePath } from "../support/executable.ts";
import { freePort, freePorts } from "../support/ports.ts";
import { startProcess } from "../support/process.ts";
import { startProcessor } from "../support/processor.ts";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";

/** Own servers on free ports, so that runs do not meet. */
function ownPorts(): Record<string, string> {
  const [admin, health, metrics] = freePorts(3);
  return {
    PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: `127.0.0.1:${admin}`,
    PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
    PROCESSOR_PLATFORM__METRICS__SINKS__PULL__KIND: "prometheusPull",
    PROCESSOR_PLATFORM__METRICS__SINKS__PULL__URL: `127.0.0.1:${metrics}`,
  };
}

async function runToEnd(args: readonly string[], env: Record<string, string> = {}, cwd?: string) {
  await using child = startProcess({
    command: [await executablePath(), ...args],
    env: { ...ownPorts(), ...env },
    ...(cwd !== undefined && { cwd }),
  });
  const code = await Promise.race([child.exited, Bun.sleep(12_000).then(() => "still running")]);
  await Bun.sleep(20);
  return { code, lines: [...child.lines] };
}

async function runFunction(source: string, env: Record<string, string> = {}, workers = 1) {
  const directory = scratchDirectory({ "function.ts": source });
  const file = join(directory, "function.ts");
  const settings = {
    PROCESSOR_TRIGGERS__EXTPROC__KIND: "extproc",
    PROCESSOR_TRIGGERS__EXTPROC__NUM_WORKERS: String(workers),
    PROCESSOR_TRIGGERS__EXTPROC__ATTRIBUTES__PORT: String(freePort()),
    ...env,
  };
  const { code, lines } = await runToEnd(["run", file], settings);
  return { code, text: lines.join("\n").replaceAll(directory, "<dir>") };
}

describe("a start that fails", () => {
  test("a function that is not there is named with the places looked at", async () => {
    const { code, lines } = await runToEnd(["run", "/nowhere/missing.ts"]);
    expect(code).toBe(1);
    expect(lines.join("\n")).toContain("/nowhere/missing.ts");
    expect(lines.length).toBeLessThanOrEqual(8);
  });

  test("a syntax error is named with file and line", async () => {
    const { code, text } = await runFunction("export default (exchange) => {\n  const = 1;\n}");
    expect(code).toBe(1);
    expect(text).toContain("<dir>/function.ts:2:");
    expect(text).not.toContain("$bunfs");
  });

  test("a throw at the top level is named with file and line", async () => {
    const { code, text } = await runFunction('\nthrow new Error("no database");');
    expect(code).toBe(1);
    expect(text).toContain("no database");
    expect(text).toContain("<dir>/function.ts:2:");
  });

  test("process.exit while loading is told as such", async () => {
    const { code, text } = await runFunction("process.exit(0);", {}, 2);
    expect(code).toBe(1);
    expect(text).toBe("processor: the function called process.exit(0)");
  });

  test("a function that never stops loading is given up after ten seconds", async () => {
    const { code, text } = await runFunction("for (;;);");
    expect(code).toBe(1);
    expect(text).toMatch(
      /^processor: the function kept its thread busy for 10\.\d s without a pause while it was loaded$/mu,
    );
  }, 15_000);

  test("a function that kills the whole first start in several workers says so once", async () => {
    const { code, text } = await runFunction('throw new Error("no database");', {}, 4);
    expect(code).toBe(1);
    expect(text.split("no database")).toHaveLength(2);
  });

  test.each([1, 3])("a port another process has is named with its setting, %d workers", async (workers) => {
    // SO_REUSEPORT here too: the kernel alone would let both share it.
    const options = { hostname: "0.0.0.0", port: 0, reusePort: true, socket: { data: () => {} } };
    const stranger = Bun.listen(options);
    const env = { PROCESSOR_TRIGGERS__EXTPROC__ATTRIBUTES__PORT: String(stranger.port) };
    const { code, text } = await runFunction("export default () => {};", env, workers);
    stranger.stop(true);
    expect(code).toBe(1);
    expect(text).toBe(
      `processor: port ${stranger.port} of trigger "extproc" is in use by another process\n  setting: spec.triggers.extproc.attributes.port`,
    );
  });

  test("a configured port of an own server that is busy ends the start", async () => {
    const stranger = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const env = { PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${stranger.port}` };
    const { code, text } = await runFunction("export default () => {};", env);
    stranger.stop(true);
    expect(code).toBe(1);
    expect(text).toContain(`processor: the health port ${stranger.port} is in use by another process`);
    expect(text).toContain("healthCheck.listenAddress");
  });

  test("a misspelt option and a misspelt command are exit code 2", async () => {
    expect(await runToEnd(["--confg", "x.yaml"])).toEqual({
      code: 2,
      lines: [
        "processor: unknown option --confg: did you mean --config?",
        '"processor --help" shows what is possible.',
      ],
    });
    expect((await runToEnd(["rn"])).code).toBe(2);
  });
});

test("warnings about the configuration are lines of the log", async () => {
  await using processor = await startProcessor({
    function: { source: "export default () => {};" },
    spec: { replicass: 3 },
  });
  expect(JSON.parse(await processor.waitForLine(/replicass/u))).toMatchObject({
    level: "warn",
    code: "unknown-key",
    path: "spec.replicass",
  });
});

describe("the environment", () => {
  test("spec.env reaches the function before it is loaded; runtime switches are left out and warned about", async () => {
    await using processor = await startProcessor({
      function: {
        source: `const seen = [process.env.GREETING, process.env.BUN_OPTIONS];
          export default ({ log }) => {};
          console.log("seen " + JSON.stringify(seen));`,
      },
      spec: { env: [{ name: "GREETING", value: "hello" }] },
      env: { BUN_OPTIONS: "--smol" },
    });
    expect(JSON.parse(await processor.waitForLine(/seen \[/u))).toMatchObject({ message: 'seen ["hello",null]' });
    expect(await processor.waitForLine(/BUN_OPTIONS/u)).toContain('"level":"warn"');
  });

  test("a .env file and a bunfig.toml in the working directory are not read", async () => {
    const directory = scratchDirectory({
      ".env": "FROM_DOTENV=1\n",
      "bunfig.toml": 'preload = ["./evil.ts"]\n',
      "evil.ts": 'console.log("evil");',
      "function.ts": 'console.log("seen " + process.env.FROM_DOTENV); process.exit(3);',
    });
    const env = { PROCESSOR_TRIGGERS__GATE__KIND: "extproc" };
    const { lines } = await runToEnd(["run", "function.ts"], env, directory);
    expect(lines.join("\n")).toContain("seen undefined");
    expect(lines.join("\n")).not.toContain("evil");
  });
});
