/**
 * Keeps credentials out of the log: values of sensitive header fields are replaced wherever they turn up in the fields
 * of a log line, whatever the shape (objects, pairs, flat lists, name/value objects, `Headers`), case and depth.
 */

const sensitiveNames: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
]);

/** What stands in the log instead of a value. */
export const redacted = "[redacted]";

/** Nesting beyond this is cut: a log line is no dump. */
const maxDepth = 8;
const maxEntries = 200;

/** In running text: the name, a colon or equals sign, and the value up to the end of the line or the closing quote. */
const sensitiveText =
  /(?<name>\b(?:proxy-)?authorization|\b(?:set-)?cookie|\bx-api-key)(?<between>\\?["']?\s*[:=,]\s*)(?:\\?"(?:[^"\\\n]|\\[^"\n])*|'[^'\n]*|[^\s"'][^\n]*)/giu;
const mentionsSensitive = /authorization|cookie|x-api-key/iu;

/** A copy of `value` made of plain data, without the values of sensitive header fields. */
export function redact(value: unknown): unknown {
  return copy(value, 0, new Set());
}

/** The same for the message of a line, or any text. */
export function redactText(text: string): string {
  if (!mentionsSensitive.test(text)) return text;
  return text.replace(sensitiveText, `$<name>$<between>${redacted}`);
}

function copy(value: unknown, depth: number, ancestors: Set<object>): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return typeof value === "function" ? undefined : value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof ArrayBuffer) return `<${value.byteLength} bytes>`;
  if (ancestors.has(value)) return "[circular]";
  if (depth >= maxDepth) return "[…]";
  ancestors.add(value);
  try {
    return copyObject(value, depth, ancestors);
  } catch (error) {
    // A getter or iterator of the function's own threw: a log line is no reason to fail.
    return `[unreadable: ${redactText(String(error))}]`;
  } finally {
    ancestors.delete(value);
  }
}

function copyObject(value: object, depth: number, ancestors: Set<object>): unknown {
  if (value instanceof Error) return copyError(value, depth, ancestors);
  if (Array.isArray(value)) return copyList(value, depth, ancestors);
  if (isIterable(value)) return copyIterable(value, depth, ancestors);
  if ("toJSON" in value && typeof value.toJSON === "function") return copy(value.toJSON(), depth + 1, ancestors);
  return copyRecord(Object.entries(value), depth, ancestors);
}

function copyError(error: Error, depth: number, ancestors: Set<object>): Record<string, unknown> {
  const own = copyRecord(Object.entries(error), depth, ancestors);
  const text: Record<string, unknown> = { type: error.name, message: redactText(error.message) };
  if (typeof error.stack === "string") text["stack"] = redactText(error.stack);
  if (error.cause !== undefined) text["cause"] = copy(error.cause, depth + 1, ancestors);
  return { ...own, ...text };
}

/** Also the flat form of field lines, `[name, value, name, value]`, and of a pair, `[name, value]`. */
function copyList(list: readonly unknown[], depth: number, ancestors: Set<object>): unknown[] {
  const result: unknown[] = [];
  for (let index = 0; index < list.length; index++) {
    if (index >= maxEntries) {
      result.push(`… ${list.length - index} more`);
      break;
    }
    result.push(isSensitive(list[index - 1]) ? redacted : copy(list[index], depth + 1, ancestors));
  }
  return result;
}

/** Maps, `Headers`, header lists and whatever iterates pairs become objects; repeated names keep all their values. */
function copyIterable(value: Iterable<unknown>, depth: number, ancestors: Set<object>): unknown {
  const items: unknown[] = [];
  for (const item of value) {
    if (items.length >= maxEntries) break;
    items.push(item);
  }
  if (items.length === 0 || !items.every(isPair)) return copyList(items, depth, ancestors);
  return copyRecord(items, depth, ancestors);
}

function copyRecord(
  entries: readonly (readonly [string, unknown])[],
  depth: number,
  ancestors: Set<object>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const describesSensitive = entries.some(([name, value]) => (name === "name" || name === "key") && isSensitive(value));
  for (const [name, value] of entries.slice(0, maxEntries)) {
    const hidden = isSensitive(name) || (describesSensitive && name !== "name" && name !== "key");
    const safe = hidden ? redacted : copy(value, depth + 1, ancestors);
    const earlier = Object.hasOwn(result, name) ? result[name] : undefined;
    result[name] = earlier === undefined ? safe : [earlier, safe].flat();
  }
  return result;
}

function isSensitive(name: unknown): boolean {
  return typeof name === "string" && name.length <= 19 && sensitiveNames.has(name.toLowerCase().replaceAll("_", "-"));
}

/** Generators and other iterators are left alone: looking at them would use them up. */
function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value && typeof value[Symbol.iterator] === "function" && !("next" in value);
}

function isPair(item: unknown): item is readonly [string, unknown] {
  return Array.isArray(item) && item.length === 2 && typeof item[0] === "string";
}
