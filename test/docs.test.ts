/** Every example in the README and the docs is real: TypeScript type-checks and loads, YAML validates, commands run. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { envoyVersions } from "../scripts/fetch-envoy.ts";
import { repositoryRoot } from "../scripts/build.ts";
import { envoyPath, executablePath } from "./support/executable.ts";
import { startProcess } from "./support/process.ts";

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...(await readdir(join(repositoryRoot, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
];
const blocks = (await Promise.all(pages.map(blocksOf))).flat();

async function blocksOf(page: string): Promise<Block[]> {
  const text = await Bun.file(join(repositoryRoot, page)).text();
  return [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length,
    language: match[2] ?? "",
    text: (match[3] ?? "").replaceAll(new RegExp(`^${match[1] ?? ""}`, "gm"), ""),
  }));
}

const of = (language: string): Block[] => blocks.filter((block) => block.language === language);
const title = ({ page, line }: Block): string => `${page}:${line}`;

test("every block is of a kind that is checked here", () => {
  // Blocks without a language are pictures and trees.
  const checked = new Set(["", "ts", "yaml", "sh"]);
  expect(blocks.filter((block) => !checked.has(block.language)).map(title)).toEqual([]);
});

test("every link leads somewhere", async () => {
  const broken: string[] = [];
  for (const page of pages) {
    const text = await Bun.file(join(repositoryRoot, page)).text();
    for (const [, link = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
      const target = join(repositoryRoot, dirname(page), link);
      if (!(await stat(target).catch(() => null))) broken.push(`${page}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});

describe("TypeScript", () => {
  /** Below the repository, so that the package resolves its own name. */
  const directory = join(repositoryRoot, ".cache", `docs-${process.pid}`);
  const fileOf = (block: Block): string => join(directory, `${block.page.replaceAll(/\W/g, "-")}-${block.line}.ts`);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("type-checks under the project's own options", async () => {
    await mkdir(directory, { recursive: true });
    for (const block of of("ts")) await Bun.write(fileOf(block), block.text);
    const options = { extends: "../../tsconfig.json", include: ["*.ts"] };
    await Bun.write(join(directory, "tsconfig.json"), JSON.stringify(options));
    const check = Bun.spawn([process.execPath, "check", "-p", directory], { stdout: "pipe", stderr: "pipe" });
    const [output, code] = await Promise.all([check.stdout.text(), check.exited]);
    expect({ code, output }).toMatchObject({ code: 0 });
  }, 30_000);

  for (const block of of("ts")) {
    test(`${title(block)} is a function the processor takes`, async () => {
      const proxied = block.text.includes("satisfies Middleware");
      const trigger = { kind: proxied ? "extproc" : "http" };
      const config = join(directory, `${block.line}.yaml`);
      await Bun.write(config, JSON.stringify({ spec: { handler: fileOf(block), triggers: { docs: trigger } } }));
      await Bun.write(fileOf(block), block.text);
      expect(await validate(config)).toEqual({ code: 0, output: expect.anything() });
    });
  }
});

describe("YAML", () => {
  for (const block of of("yaml")) {
    test(`${title(block)} is valid`, async () => {
      const directory = await mkdtemp(join(tmpdir(), "docs-"));
      try {
        const document = parse(block.text) as { spec?: { handler?: string }; typed_config?: { "@type": string } };
        if (document.typed_config !== undefined) return await expectEnvoyTakes(document, directory);
        const config = join(directory, "config.yaml");
        await Bun.write(config, block.text);
        const handler = document.spec?.handler;
        if (handler === undefined) {
          await Bun.write(join(directory, "function.ts"), "export default () => new Response('hello');");
          await Bun.write(join(directory, "function.yaml"), "spec: { handler: function.ts }");
          return expect(await validate(join(directory, "function.yaml"), config)).toMatchObject({ code: 0 });
        }
        // As in "file:export" and "file.export".
        const [, file = "", ending = ".js"] = /^([\w-]+)(\.[jt]s)?(?:[:.]\w+)?$/.exec(handler) ?? [];
        await Bun.write(join(directory, file + ending), "export default () => {};\nexport const handler = () => {};");
        return expect(await validate(config)).toMatchObject({ code: 0 });
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  }
});

describe("commands", () => {
  const lines = of("sh").flatMap((block) =>
    block.text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => ({ line, where: title(block) })),
  );
  for (const { line, where } of lines) {
    test(`${where} \`${line}\``, async () => {
      await expectRuns(line);
    }, 20_000);
  }
});

/** Commands of the project must exist as scripts, those of the executable are run, others are on the list. */
async function expectRuns(line: string): Promise<void> {
  const manifest = (await Bun.file(join(repositoryRoot, "package.json")).json()) as { scripts: Record<string, string> };
  const script = /^(?:npm|bun run) (?:run )?(\w+)$/.exec(line)?.[1];
  if (line === "bun install" || line === "bun test") return;
  if (script !== undefined) return expect(Object.keys(manifest.scripts)).toContain(script);
  // The image is built by `bun run conformance image`, with buildah.
  const image = /^docker build -f (\S+) -t \S+ \.$/.exec(line)?.[1];
  if (image !== undefined) return expect(await Bun.file(join(repositoryRoot, image)).exists()).toBe(true);
  await expectExecutableTakes(line);
}

async function expectExecutableTakes(line: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "docs-"));
  try {
    for (const name of ["hello.ts", "gate.ts", "order.ts"]) {
      await Bun.write(join(directory, name), "export default () => new Response('hello');");
    }
    await Bun.write(join(directory, "hello.js"), "exports.greet = () => 'hello';");
    await Bun.write(join(directory, "api.ts"), "export default { fetch: () => new Response() };");
    await Bun.write(join(directory, "report.ts"), "export const handler = () => 'done';");
    await Bun.write(join(directory, "order.json"), '{"id":7}');
    for (const name of ["processor.yaml", "function.yaml"]) {
      await Bun.write(join(directory, name), "spec: { handler: hello.ts }");
    }
    await Bun.write(join(directory, "platform.yaml"), "");
    await Bun.$`mkdir -p ${directory}/bin ${directory}/dist`.quiet();
    for (const name of ["bin/processor", "dist/processor"]) {
      await Bun.$`ln -s ${await executablePath()} ${join(directory, name)}`.quiet();
    }
    const env = {
      PATH: `${join(directory, "bin")}:${process.env["PATH"]}`,
      PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: "127.0.0.1:0",
      PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: "127.0.0.1:0",
      PROCESSOR_PLATFORM__METRICS__LISTEN_ADDRESS: "127.0.0.1:0",
    };
    // A command that asks a running trigger needs one.
    const [, port] = / invoke (?:http:\/\/)?127\.0\.0\.1:(5051|8080)/.exec(line) ?? [];
    const trigger = port === "8080" ? "http" : "extproc";
    const asked =
      port === undefined
        ? null
        : startProcess({ command: ["dist/processor", "run", "hello.ts", "--trigger", trigger], cwd: directory, env });
    await using _asked = asked;
    await asked?.waitForLine(/ready in/);
    await using running = startProcess({
      command: ["sh", "-c", `exec ${/^\w+=/.test(line) ? "env " : ""}${line.replaceAll("/shared/", `${directory}/`)}`],
      cwd: directory,
      env,
    });
    if (/\bprocessor(?:$| run\b| --?config)(?!.* job$)/.test(line)) {
      await running.waitForLine(/ready in/);
      expect(await running.stop("SIGTERM")).toBe(0);
      return;
    }
    // Whether somebody listens where `health` asks is this machine's affair: both answers are documented.
    const codes = line.includes(" health") ? [0, 1] : [0];
    expect(codes).toContain(await running.exited);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function validate(config: string, platform?: string): Promise<{ code: number; output: string }> {
  const options = ["--strict", "--config", config, ...(platform === undefined ? [] : ["--platform-config", platform])];
  const child = Bun.spawn([await executablePath(), "validate", ...options], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: stdout + stderr };
}

/** Envoy checks a whole configuration only: the filter is put into the one of an example. */
async function expectEnvoyTakes(filter: object, directory: string): Promise<void> {
  const example = parse(await Bun.file(join(repositoryRoot, "examples", "hello", "envoy.yaml")).text()) as {
    static_resources: { listeners: { filter_chains: { filters: { typed_config: { http_filters: object[] } }[] }[] }[] };
  };
  const [manager] = example.static_resources.listeners.flatMap(({ filter_chains }) =>
    filter_chains.flatMap(({ filters }) => filters),
  );
  manager?.typed_config.http_filters.splice(0, 1, filter);
  const config = join(directory, "envoy.json");
  await Bun.write(config, JSON.stringify(example));
  const envoy = await envoyPath(envoyVersions[0]);
  const child = Bun.spawn([envoy, "--mode", "validate", "-c", config], { stdout: "pipe", stderr: "pipe" });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}
