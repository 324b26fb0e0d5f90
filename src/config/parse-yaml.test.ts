import { expect, test } from "bun:test";
import { toPlain } from "./config-node.ts";
import { parseYaml } from "./parse-yaml.ts";
import { describePlace } from "./source-text.ts";

function parse(content: string) {
  return parseYaml({ file: "test.yaml", content });
}

test("a file becomes a tree whose keys and values know their places", () => {
  const { root, problems } = parse('spec:\r\n  handler: "a.ts"   # the function\r\n');
  expect(problems).toEqual([]);
  const spec = root?.kind === "map" ? root.entries[0]?.value : undefined;
  const handler = spec?.kind === "map" ? spec.entries[0] : undefined;
  if (handler === undefined) throw new Error("no handler");
  const at = { kind: "file", file: "test.yaml", line: 2 } as const;
  const line = '  handler: "a.ts"   # the function';
  expect(describePlace(handler.place)).toEqual({ ...at, column: 3, excerpt: `${line}\n  ^^^^^^^` });
  expect(describePlace(handler.value.place)).toEqual({ ...at, column: 12, excerpt: `${line}\n           ^^^^^^` });
});

test("anchors, aliases and merge keys give the values they stand for, own keys first", () => {
  const { root, problems } = parse("a: &a { x: 1, y: 2 }\nb: *a\nc: { <<: *a, y: 3 }\nd: { <<: [*a, { z: 4 }] }\n");
  expect(problems).toEqual([]);
  expect(root === null ? null : toPlain(root)).toEqual({
    a: { x: 1, y: 2 },
    b: { x: 1, y: 2 },
    c: { y: 3, x: 1 },
    d: { x: 1, y: 2, z: 4 },
  });
});

test("JSON is YAML", () => {
  const { root } = parse('{"spec": {"handler": "a.ts", "env": [{"name": "A", "value": "b"}]}}');
  expect(root === null ? null : toPlain(root)).toEqual({ spec: { handler: "a.ts", env: [{ name: "A", value: "b" }] } });
});

test("brackets nested beyond any use are refused, not followed", () => {
  for (const depth of [100, 10_000]) {
    const { root, problems } = parse(`a: ${"[".repeat(depth)}${"]".repeat(depth)}`);
    expect(root).toBeNull();
    expect(problems.map(({ severity }) => severity)).toContain("error");
  }
});

test("an empty text and one of comments have no root and no problem", () => {
  expect([parse(""), parse("# nothing\n"), parse("---\n")]).toEqual([
    { root: null, problems: [] },
    { root: null, problems: [] },
    { root: expect.objectContaining({ value: null }), problems: [] },
  ]);
});

test("a key like __proto__ stays a key", () => {
  const { root } = parse("__proto__: { handler: a.ts }\n");
  const plain = root === null ? {} : toPlain(root);
  expect(Object.keys(plain as object)).toEqual(["__proto__"]);
  expect(({} as Record<string, unknown>)["handler"]).toBeUndefined();
});
