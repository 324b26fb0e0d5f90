/** The parameters of a function, read from its source: Digital Hub functions get their arguments by name. */

export interface Parameter {
  /** Null for a pattern, e.g. `{ a, b }`, and for the rest. */
  readonly name: string | null;
  /** Has no default and is not the rest. */
  readonly required: boolean;
}

/** Null when the source shows none, as with functions of the runtime itself. */
export function readParameters(fn: Function): readonly Parameter[] | null {
  return parseParameters(Function.prototype.toString.call(fn));
}

/** @param source Of a function, as the language gives it back. */
export function parseParameters(source: string): readonly Parameter[] | null {
  if (/^class\b|\{\s*\[native code\]\s*\}$/.test(source)) return null;
  const [, single] = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(source) ?? [];
  const list = single ?? parameterList(source);
  return list === null ? null : splitAtCommas(list).map(readParameter);
}

function readParameter(text: string): Parameter {
  const [, name = null] = /^\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(text) ?? [];
  return { name, required: !text.trim().startsWith("...") && !hasDefault(text) };
}

/** What stands between the parentheses; null without any. */
function parameterList(source: string): string | null {
  let start = -1;
  for (const { at, character, depth } of scan(source)) {
    if (start < 0 && character === "(" && depth === 1) start = at + 1;
    else if (start >= 0 && character === ")" && depth === 0) return source.slice(start, at);
  }
  return null;
}

function splitAtCommas(list: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const { at, character, depth } of scan(list)) {
    if (character !== "," || depth !== 0) continue;
    parts.push(list.slice(start, at));
    start = at + 1;
  }
  return [...parts, list.slice(start)].filter((part) => part.trim() !== "");
}

function hasDefault(parameter: string): boolean {
  for (const { character, depth } of scan(parameter)) if (character === "=" && depth === 0) return true;
  return false;
}

/** The characters outside of literals and comments, each with the brackets open after it. */
function* scan(source: string): Generator<{ readonly at: number; readonly character: string; readonly depth: number }> {
  const skipped = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|\/\*[^]*?\*\/|\/\/.*/y;
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    skipped.lastIndex = at;
    const literal = skipped.exec(source);
    if (literal !== null) {
      at += literal[0].length - 1;
      continue;
    }
    const character = source.charAt(at);
    if ("([{".includes(character)) depth++;
    if (")]}".includes(character)) depth--;
    yield { at, character, depth };
  }
}
