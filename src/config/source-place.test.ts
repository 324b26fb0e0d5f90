import { expect, test } from "bun:test";
import { child } from "./config-node.ts";
import { parseYaml } from "./parse-yaml.ts";
import { placeInSource, type SourcePosition } from "./source-place.ts";
import { describePlace } from "./source-text.ts";

/** What the place in the source is in the file; null: no place of its own. */
function placeIn(yaml: string, position: SourcePosition) {
  const { root } = parseYaml({ file: "f.yaml", content: yaml });
  const written = child(root, "code")?.value;
  if (written === undefined) throw new Error("there is no code");
  const place = placeInSource(written.place, position);
  const described = place === null ? null : describePlace(place);
  return described?.kind === "file" ? `${described.line}: ${described.excerpt}` : null;
}

test("a block of text has its lines in the file, whatever its indentation and line ends", () => {
  const position = { line: 2, column: 5, lineText: "let ;" };
  expect(placeIn("code: |\n  a\n  let ;\n", position)).toBe("3:   let ;\n      ^");
  expect(placeIn("code: |- # note\n      a\n      let ;", position)).toBe("3:       let ;\n          ^");
  expect(placeIn("x: 1\r\ncode: |\r\n a\r\n let ;\r\n", position)).toBe("4:  let ;\n     ^");
});

test("other ways to write text have none", () => {
  const position = { line: 2, column: 5, lineText: "let ;" };
  expect(placeIn('code: "a\\nlet ;"\n', position)).toBeNull();
  expect(placeIn("code: >\n  a\n\n  let ;\n", position)).toBeNull();
  expect(placeIn("code: YQpsZXQgOw==\n# let ;\n", position)).toBeNull();
  expect(placeInSource({ kind: "environment", variable: "A" }, position)).toBeNull();
});
