import { expect, test } from "bun:test";
import { parse } from "yaml";
import { typePlainScalar } from "./plain-scalar.ts";

test("a text is typed as the YAML library types it where it stands without quotes", () => {
  const texts = [
    "5051",
    "-1",
    "+7",
    "1.5",
    "1e3",
    ".5",
    "1.",
    "0x1F",
    "0o17",
    "007",
    "true",
    "FALSE",
    "yes",
    "null",
    "~",
    "",
  ];
  const more = [".inf", "-.INF", ".nan", "text", "1_000", "1.2.3", "5051s", "0b1", "2026-01-01", "truely", "+.5e-3"];
  for (const text of [...texts, ...more]) {
    expect({ text, value: typePlainScalar(text) }).toEqual({ text, value: parse(text) });
  }
});
