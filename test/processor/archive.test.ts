/** A function in an archive runs as from a directory, and what was unpacked never outlives the process. */
import { beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { executablePath } from "../support/executable.ts";
import { freePorts } from "../support/ports.ts";
import { startProcess } from "../support/process.ts";
import { startProcessor } from "../support/processor.ts";
import { openExchangeClient } from "./exchange-client.ts";

const sources = {
  "package.json": '{ "name": "fn", "type": "module", "main": "lib/start.js" }',
  "lib/start.js": `import { greet } from "greeter";
    let calls = 0;
    export default async ({ request }) => {
      if (request.path === "/exit") process.exit(3);
      request.headers.set("x-greeting", greet() + " " + ++calls);
    };
    export const second = ({ request }) => request.headers.set("x-greeting", "second");`,
  "node_modules/greeter/package.json": '{ "name": "greeter", "type": "module", "exports": "./main.js" }',
  "node_modules/greeter/main.js": 'export const greet = () => "hello";',
};

/** Where archives are and where they are unpacked, fresh for each test. */
let place = "";
let temporary = "";
beforeEach(() => {
  place = scratchDirectory();
  temporary = scratchDirectory();
});

async function zip(files: Readonly<Record<string, string>>): Promise<string> {
  const entries = Object.entries(files).map(([path, content]) => [path, strToU8(content)]);
  const archive = join(place, "fn.zip");
  await Bun.write(archive, zipSync(Object.fromEntries(entries)));
  return archive;
}

async function start(...args: string[]) {
  const [port = 0, admin, health] = freePorts(3);
  const child = startProcess({
    command: [await executablePath(), ...args],
    cwd: place,
    env: {
      TMPDIR: temporary,
      PROCESSOR_TRIGGERS__EXTPROC__KIND: "extproc",
      PROCESSOR_TRIGGERS__EXTPROC__NUM_WORKERS: "2",
      PROCESSOR_TRIGGERS__EXTPROC__ATTRIBUTES__PORT: String(port),
      PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: `127.0.0.1:${admin}`,
      PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
      PROCESSOR_PLATFORM__METRICS__ENABLED: "false",
    },
  });
  return { child, port };
}

async function runToEnd(...args: string[]) {
  const { child: started } = await start(...args);
  await using child = started;
  const code = await Promise.race([child.exited, Bun.sleep(8000).then(() => "still running")]);
  await Bun.sleep(20);
  return { code, lines: child.lines.map((line) => line.replaceAll(place, "<dir>")), left: readdirSync(temporary) };
}

test("a zip with packages of its own serves, unpacked once for all workers and those that replace them", async () => {
  await using processor = await startProcessor({
    function: { file: await zip(sources) },
    numWorkers: 2,
    env: { TMPDIR: temporary },
  });
  using client = openExchangeClient(processor.port);
  expect((await client.exchange("/")).set).toEqual({ "x-greeting": "hello 1" });
  const [directory] = readdirSync(temporary);
  await client.exchange("/exit").catch(() => "lost");
  await processor.waitForLine(/serves again/u);
  for (let count = 0; count < 20; count++) {
    expect((await client.exchange("/")).set["x-greeting"]).toStartWith("hello ");
  }
  expect(readdirSync(temporary)).toEqual([directory ?? ""]);
  expect(processor.lines.filter((line) => line.includes('"message":"unpacked '))).toHaveLength(1);

  expect(await processor.stop()).toBe(0);
  expect(readdirSync(temporary)).toEqual([]);
});

test("a tar.gz on the command line, with the export to run", async () => {
  const source = scratchDirectory(sources);
  Bun.spawnSync(["tar", "-czf", join(place, "fn.tar.gz"), "-C", source, "."]);
  const { child: started, port } = await start("run", "fn.tar.gz:second");
  await using child = started;
  await child.waitForLine(/ready in/u, 8000);
  using client = openExchangeClient(port);
  expect((await client.exchange("/")).set).toEqual({ "x-greeting": "second" });
  expect(await child.stop()).toBe(0);
  expect(readdirSync(temporary)).toEqual([]);
});

test("a signal while the function is still loading leaves nothing behind", async () => {
  await zip({ "index.js": 'console.log("loading"); await new Promise(() => {}); export default () => {};' });
  const { child: started } = await start("run", "fn.zip");
  await using child = started;
  await child.waitForLine(/loading/u, 8000);
  expect(readdirSync(temporary)).toHaveLength(1);
  expect(await child.stop()).toBe(0);
  expect(readdirSync(temporary)).toEqual([]);
});

describe("a start that fails leaves nothing behind", () => {
  test("when the archive is corrupt, which one line says", async () => {
    const archive = await zip(sources);
    const bytes = await Bun.file(archive).bytes();
    await Bun.write(archive, bytes.fill(0xff, 60, 90));
    const { code, lines, left } = await runToEnd("run", "fn.zip");
    expect({ code, left }).toEqual({ code: 1, left: [] });
    expect(lines).toEqual([expect.stringMatching(/^processor: <dir>\/fn\.zip is damaged/u)]);
  });

  test("when the function in it is broken, which is named with file and line", async () => {
    await zip({ "handler.js": "export default () => {\n  const = 1;\n};" });
    const { code, lines, left } = await runToEnd("run", "fn.zip");
    expect({ code, left }).toEqual({ code: 1, left: [] });
    expect(lines.join("\n")).toMatch(/\/function\/handler\.js:2:/u);
  });

  test("when a port is taken", async () => {
    await zip(sources);
    const stranger = Bun.listen({ hostname: "0.0.0.0", port: 0, socket: { data: () => {} } });
    const config = {
      spec: { handler: "fn.zip", triggers: { a: { kind: "extproc", attributes: { port: stranger.port } } } },
    };
    await Bun.write(join(place, "processor.yaml"), JSON.stringify(config));
    const { code, left } = await runToEnd("run", "--config", "processor.yaml");
    stranger.stop(true);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });
});

describe("processor validate", () => {
  test("reports a broken archive where it is named", async () => {
    await Bun.write(join(place, "fn.zip"), "not a zip");
    await Bun.write(join(place, "processor.yaml"), "spec:\n  handler: fn.zip\n");
    const { code, lines, left } = await runToEnd("validate", "--json", "--config", "processor.yaml");
    expect({ code, left }).toEqual({ code: 1, left: [] });
    expect(JSON.parse(lines.join("\n"))).toMatchObject({
      problems: [
        {
          code: "bad-archive",
          path: "spec.handler",
          message: expect.stringContaining("/fn.zip is neither a zip nor a tar.gz"),
        },
      ],
    });
  });

  test("takes a whole one, and leaves nothing behind", async () => {
    await zip(sources);
    const { code, left } = await runToEnd("validate", "fn.zip");
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });
});
