/** The executable in the place of the one Digital Hub Core starts: its command line, its files, its environment. */
import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { openExchangeClient } from "../processor/exchange-client.ts";
import { executablePath } from "../support/executable.ts";
import { functions, startReference, untilEnd, untilReady } from "./start-reference.ts";

/** What Core writes into the volume it shares with the container; `HOME` is there. */
function shareFiles(triggers: object, runtime = "python"): string {
  const shared = join(scratchDirectory(), "shared");
  mkdirSync(shared);
  cpSync(join(functions, "core"), shared, { recursive: true });
  const document = {
    apiVersion: "nuclio.io/v1beta1",
    kind: "NuclioFunction",
    spec: { runtime, handler: "handler:handler", minReplicas: 1, maxReplicas: 1, triggers },
  };
  writeFileSync(join(shared, "function.yaml"), JSON.stringify(document));
  return shared;
}

function start(shared: string, trigger?: string, args = ["--config", join(shared, "function.yaml")]) {
  return startReference({
    args,
    cwd: "/",
    ...(trigger !== undefined && { trigger }),
    env: {
      PROJECT_NAME: "shop",
      RUN_ID: "8f1c",
      HOME: shared,
      // Kubernetes does not replace this.
      PYTHONPATH: `\${PYTHONPATH}:${shared}`,
    },
  });
}

const run = (parameters: object) => ({
  id: "8f1c",
  project: "shop",
  kind: "python+job:run",
  spec: { task: "python+job://shop/t1", parameters, inputs: {}, source: { source: "main.py", handler: "train" } },
  status: { state: "READY" },
});

const jobTrigger = (parameters: object) => ({
  job: { kind: "job", attributes: { event: { body: JSON.stringify(run(parameters)) } } },
});

describe("job", () => {
  test("the user's function gets its parameters, its project and its run; the process ends with 0", async () => {
    const shared = shareFiles(jobTrigger({ epochs: 3 }));
    await using job = await start(shared);
    expect(await untilEnd(job)).toMatchObject({ code: 0 });
    expect(await Bun.file(join(shared, "model")).text()).toBe("shop 8f1c 3");
  });

  test("a failure is the exit code, and its text is in the log", async () => {
    await using job = await start(shareFiles(jobTrigger({ epochs: 0 })));
    const { code, output } = await untilEnd(job);
    expect(code).toBe(1);
    expect(output).toContain("nothing to train");
  });

  test("a function in JavaScript is called by its parameters' names", async () => {
    const shared = shareFiles(
      {
        job: {
          kind: "job",
          attributes: { event: { body: JSON.stringify(run({ epochs: 3 })) }, resultFile: "result.json" },
        },
      },
      "nodejs",
    );
    await Bun.write(
      join(shared, "handler.ts"),
      `export const outputs = ["model"];
       export const handler = (epochs: number, project: { name: string }, run: { spec: { task: string } }, rate = 0.5) =>
         [\`\${project.name} \${epochs} \${rate}\`, run.spec.task];`,
    );
    await using job = await start(shared);
    expect(await untilEnd(job)).toMatchObject({ code: 0 });
    expect(await Bun.file(join(shared, "result.json")).json()).toEqual({
      results: { model: "shop 3 0.5", output_1: "python+job://shop/t1" },
    });
  });
});

test("serve answers on its port once it is ready", async () => {
  await using served = await start(shareFiles({ http: { kind: "http", maxWorkers: 2 } }), "HTTP");
  await untilReady(served);
  const response = await fetch(`http://127.0.0.1:${served.port}/`, { method: "POST", body: "order" });
  expect([response.status, await response.text(), response.headers.get("x-served")]).toEqual([
    200,
    "shop order",
    "yes",
  ]);
});

test("what names no trigger, as for a build, is served over HTTP", async () => {
  await using served = await start(shareFiles({}), "HTTP");
  await untilReady(served);
  const response = await fetch(`http://127.0.0.1:${served.port}/`);
  expect([response.status, await response.text()]).toEqual([200, "shop "]);
});

test("a guardrail serves Envoy, and is not ready before its workers are", async () => {
  const attributes = { type: "preprocessor", port: 5051 };
  const shared = shareFiles({ extproc: { kind: "extproc", maxWorkers: 4, attributes } });
  await Bun.write(
    join(shared, "handler.py"),
    `import os, time
def init_context(context):
    time.sleep(0.5)
def handler(context, event):
    return context.Response(body=os.environ["RUN_ID"], headers={"X-Processing-Status": 403})
`,
  );
  await using guard = await start(shared, "EXTPROC");
  const early: number[] = [];
  for (const deadline = Date.now() + 5000; early.at(-1) !== 200 && Date.now() < deadline; await Bun.sleep(20)) {
    const response = await fetch(`http://127.0.0.1:${guard.healthPort}/ready`).catch(() => null);
    if (response !== null) early.push(response.status);
  }
  expect([...new Set(early)]).toEqual([503, 200]);
  using client = openExchangeClient(guard.port);
  expect((await client.exchange("/")).status).toBe(403);
});

test("what Core calls openinference is refused in words", async () => {
  const attributes = { rest_port: 8080, grpc_port: 9000, model_name: "m", enable_rest: true, input_tensors: [] };
  await using processor = await start(
    shareFiles({ openinference: { kind: "openinference", maxWorkers: 4, attributes } }),
  );
  const { code, output } = await untilEnd(processor);
  expect(code).toBe(1);
  expect(output).toContain('The trigger kind "openinference" is known, but this version does not serve it');
});

describe("the command line of the reference", () => {
  test.each<[string, (config: string) => string[]]>([
    ["-config FILE", (config) => ["-config", config]],
    ["-config=FILE", (config) => [`-config=${config}`]],
    [
      "--config=FILE with a platform file that is not there",
      (config) => [`--config=${config}`, "--platform-config=/nowhere.yaml"],
    ],
  ])("%s", async (_, args) => {
    const shared = shareFiles(jobTrigger({ epochs: 1 }));
    await using job = await start(shared, undefined, args(join(shared, "function.yaml")));
    expect(await untilEnd(job)).toMatchObject({ code: 0 });
  });

  test.each([
    [["--list-runtimes"], 0, /^kubeless\nkyma\nnodejs\npython\n$/],
    [["-list-runtimes=true"], 0, /^kubeless\n/],
    [["--version"], 0, /^\d+\.\d+\.\d+\n$/],
    [["--nonsense"], 2, /unknown option --nonsense/],
    [["--config"], 2, /option --config needs a value/],
    [["--config", "/nowhere.yaml"], 1, /\/nowhere\.yaml does not exist/],
  ])("%p ends with %p", async (args, code, output) => {
    const child = Bun.spawn([await executablePath(), ...args], { stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(await child.exited).toBe(code);
    expect(stdout + stderr).toMatch(output);
  });
});
