import { expect, test } from "bun:test";
import { toPlain } from "./config-node.ts";
import { interpolate } from "./interpolate.ts";
import { parseYaml } from "./parse-yaml.ts";

function resolve(content: string, environment: Record<string, string> = {}) {
  const { root } = parseYaml({ file: "test.yaml", content });
  if (root === null) throw new Error("no YAML");
  const { node, problems } = interpolate(root, environment);
  return { value: toPlain(node), problems: problems.map(({ code, path }) => `${code} ${path}`) };
}

test("a variable is put where its reference stands, and typed unless quoted", () => {
  const content = 'a: ${PORT}\nb: "${PORT}"\nc: 80${DIGIT}\nd: x-${PORT}-y\ne: ${ON}\n';
  const { value, problems } = resolve(content, { PORT: "5051", DIGIT: "90", ON: "true" });
  expect(value).toEqual({ a: 5051, b: "5051", c: 8090, d: "x-5051-y", e: true });
  expect(problems).toEqual([]);
});

test("a default stands in for an unset and for an empty variable", () => {
  const { value } = resolve("a: ${X:-1}\nb: ${EMPTY:-2}\nc: ${EMPTY}\nd: ${X:-}\n", { EMPTY: "" });
  expect(value).toEqual({ a: 1, b: 2, c: null, d: null });
});

test("$${ is the characters themselves, and what a variable holds is not looked into", () => {
  const { value, problems } = resolve("a: $${A}\nb: ${B}\nc: $A $$ {}\n", { B: "${A} $${A}" });
  expect(value).toEqual({ a: "${A}", b: "${A} $${A}", c: "$A $$ {}" });
  expect(problems).toEqual([]);
});

test("texts of the function are left alone: build, env and event", () => {
  const content = [
    "spec:",
    "  build: { source: '${A}' }",
    "  Env: [{ name: P, value: '${A}' }]",
    "  triggers:",
    "    event: { url: '${URL}' }",
    "    cron: { attributes: { event: { body: '${A}' } } }",
  ].join("\n");
  expect(resolve(content, { URL: ":1" })).toEqual({
    value: {
      spec: {
        build: { source: "${A}" },
        Env: [{ name: "P", value: "${A}" }],
        triggers: { event: { url: ":1" }, cron: { attributes: { event: { body: "${A}" } } } },
      },
    },
    problems: [],
  });
});

test("every reference that leads nowhere is a problem", () => {
  expect(resolve("a: ${X} ${Y}\nb: [ok, '${a.b}']\n").problems).toEqual([
    "unset-variable a",
    "unset-variable a",
    "bad-interpolation b.1",
  ]);
});
