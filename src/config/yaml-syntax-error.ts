/** What the YAML parser found wrong, at the place where the mend is. */
import { isMap, isScalar, isSeq, visit } from "yaml";
import type { Document, ParsedNode, YAMLParseError } from "yaml";
import type { ConfigProblem } from "./contract.ts";
import { makeProblem } from "./source-text.ts";
import type { Place, SourceText } from "./source-text.ts";

export function describeSyntaxError(
  error: YAMLParseError,
  documents: readonly Document.Parsed[],
  text: SourceText,
): ConfigProblem {
  const opening = findUnclosed(error, documents);
  const message =
    opening === null
      ? syntaxMessage(error.code, error.message)
      : `This ${opening.what} is not closed: add its other half`;
  const place = opening === null ? at(text, error.pos) : at(text, [opening.start, opening.start + 1]);
  return makeProblem("error", "yaml-syntax", "", message, place);
}

/** What was opened and not closed: the parser notices only at the end of the file, which is not where the mend is. */
function findUnclosed(
  error: YAMLParseError,
  documents: readonly Document.Parsed[],
): { readonly what: string; readonly start: number } | null {
  if (!/closing|end with a/.test(error.message)) return null;
  let found: { what: string; start: number } | null = null;
  for (const document of documents) {
    visit(document, {
      Node(_, node) {
        const range = (node as Partial<ParsedNode>).range;
        if (!range || range[0] > error.pos[0] || range[1] < error.pos[0]) return;
        if (isScalar(node) && (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE")) {
          found = { what: "quote", start: range[0] };
        }
        if ((isMap(node) || isSeq(node)) && node.flow) found = { what: "bracket", start: range[0] };
      },
    });
  }
  return found;
}

/** The parser's words, with a mend where the cause is a common one. */
function syntaxMessage(code: string, message: string): string {
  const mends: Readonly<Record<string, string>> = {
    TAB_AS_INDENT: "Lines are indented with spaces, not with tabs",
    BAD_INDENT: `${message}: compare with the lines above`,
    BLOCK_AS_IMPLICIT_KEY: 'A key and its map stand on one line: quote the value if it holds ": "',
    BAD_SCALAR_START: `${message}: quote the value`,
  };
  if (message.includes("call stack")) return "The brackets are nested too deeply";
  return mends[code] ?? message;
}

function at(text: SourceText, [start, end]: readonly [number, number]): Place {
  return { kind: "file", text, start, end };
}
