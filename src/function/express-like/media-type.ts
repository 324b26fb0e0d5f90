/** Media types as express reads and writes them: short names, patterns, charsets. */

/** Without parameters, in lower case; "" when there is none. */
export function bareMediaType(contentType: string | undefined): string {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Of a short name such as "json" or ".png", "application/octet-stream" when it is unknown; a full media type as it is. */
export function mediaTypeOf(name: string): string {
  if (name.includes("/")) return name;
  return bareMediaType(Bun.file(`x.${name.replace(/^.*\./, "")}`).type);
}

/** Adds `charset=utf-8` where the type is text and names none. */
export function withCharset(contentType: string): string {
  const isText = /^(?:text\/|application\/(?:json|javascript)\b)/i.test(contentType);
  return isText && !/;\s*charset\s*=/i.test(contentType) ? `${contentType}; charset=utf-8` : contentType;
}

/** With `charset=utf-8` in the place of any other: text leaves in UTF-8. */
export function inUtf8(contentType: string): string {
  return `${contentType.replace(/\s*;\s*charset\s*=\s*("[^"]*"|[^;\s]*)/gi, "")}; charset=utf-8`;
}

/**
 * The first of `wanted` that the content type is: its name as given, or the content type itself where the name is a
 * pattern (`text/*`, `+json`). False when it is none of them; without `wanted` the content type.
 */
export function matchMediaType(contentType: string | undefined, wanted: readonly string[]): string | false {
  const actual = bareMediaType(contentType);
  if (!/^[^/\s]+\/[^/\s]+$/.test(actual)) return false;
  if (wanted.length === 0) return actual;
  for (const name of wanted) {
    const pattern = patternOf(name.toLowerCase());
    if (matches(actual, pattern)) return name.startsWith("+") || name.includes("*") ? actual : name;
  }
  return false;
}

function patternOf(name: string): string {
  if (name === "urlencoded") return "application/x-www-form-urlencoded";
  if (name === "multipart") return "multipart/*";
  if (name.startsWith("+")) return `*/*${name}`;
  const type = mediaTypeOf(name);
  // What nobody knows is no type, rather than the one that stands for anything.
  return type === UNKNOWN && !name.includes("/") && name !== "bin" ? "" : type;
}

const UNKNOWN = "application/octet-stream";

function matches(actual: string, pattern: string): boolean {
  const [type = "", subtype = ""] = actual.split("/");
  const [wantedType = "", wantedSubtype = ""] = pattern.split("/");
  if (wantedType !== "*" && wantedType !== type) return false;
  if (wantedSubtype === "*") return true;
  return wantedSubtype.startsWith("*+") ? subtype.endsWith(wantedSubtype.slice(1)) : wantedSubtype === subtype;
}
