/** Whatever a file and the environment hold: the loader answers with a configuration or with errors, and never throws. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "processor-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Mulberry32: the same sequence for the same seed, so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const words = [
  [
    "spec",
    "metadata",
    "handler",
    "triggers",
    "kind",
    "extproc",
    "attributes",
    "port",
    "processingOptions",
    "env",
    "name",
  ],
  [
    "labels",
    "loggerSinks",
    "tls",
    "cert",
    "socket",
    "path",
    "timeout",
    "onError",
    "webAdmin",
    "metrics",
    "sinks",
    "event",
  ],
  [
    "__proto__",
    "constructor",
    "toString",
    "<<",
    "*a",
    "&a ",
    "!!str ",
    "!x ",
    "${A}",
    "${A:-1}",
    "${",
    "$${",
    "null",
    "~",
  ],
  ["5051", "-1", "1e999", ".nan", ".inf", "true", "yes", "4s", "0x1f", "'", '"', "|", ">", "%YAML 9.9", "---", "..."],
  [
    ": ",
    ":",
    "- ",
    "- - ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "#",
    "\n",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n      ",
    "\t",
    "\r\n",
  ],
  ["\u0000", "\u0007", "\ufeff", "é", "𝄞", "\ud800", "@", "`", "\\", "\u2028"],
].flat();

const sample = `metadata: { name: gate, labels: { nuclio.io/project-name: x } }
spec:
  handler: \${A:-main.ts}
  env: [{ name: A, value: 1 }]
  loggerSinks: [{ level: info }]
  triggers: &t
    gate:
      kind: extproc
      maxWorkers: 4
      attributes: { port: 5051, timeout: 4s, tls: { cert: a, key: b }, processingOptions: { logStream: true } }
`;

function randomText(random: (below: number) => number): string {
  const word = () => words[random(words.length)] ?? "";
  if (random(2) === 0) return Array.from({ length: random(60) }, word).join("");
  let text = sample;
  for (let cuts = 1 + random(6); cuts > 0; cuts--) {
    const start = random(text.length + 1);
    text = text.slice(0, start) + word() + text.slice(start + random(12));
  }
  return text;
}

function randomEnvironment(random: (below: number) => number): Record<string, string> {
  const steps = [
    "TRIGGERS",
    "GATE",
    "ATTRIBUTES",
    "PORT",
    "ENV",
    "0",
    "1",
    "NAME",
    "HANDLER",
    "PLATFORM",
    "METRICS",
    "__",
    "",
  ];
  const step = () => steps[random(steps.length)] ?? "";
  const variables = Array.from({ length: random(4) }, (): [string, string] => {
    const path = Array.from({ length: 1 + random(5) }, step).join("__");
    return [`PROCESSOR_${path}`, words[random(words.length)] ?? ""];
  });
  return { A: words[random(words.length)] ?? "", ...Object.fromEntries(variables) };
}

test("any text and any environment give a configuration or at least one error, each with a message", () => {
  for (let seed = 1; seed <= 1000; seed++) {
    const random = randomFrom(seed);
    const file = join(folder, "random.yaml");
    const platform = random(4) === 0;
    writeFileSync(file, randomText(random));
    const named = platform ? { platformFile: file, functionFile: "hello.ts" } : { file };
    const { config, problems } = loadConfig({ ...named, environment: randomEnvironment(random), cwd: folder });
    const failed = problems.some(({ severity }) => severity === "error");
    const nameless = problems.filter(({ message, code }) => message === "" || code === "");
    expect({ seed, failed, nameless }).toEqual({ seed, failed: config === null, nameless: [] });
  }
});
