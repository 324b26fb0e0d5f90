/** The table both sides know from the start (RFC 7541 appendix A). Index 0 is unused. */
import { classifyField } from "../request-fields.ts";

const ENTRIES: readonly (readonly [name: string, value?: string])[] = [
  [":authority"],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset"],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language"],
  ["accept-ranges"],
  ["accept"],
  ["access-control-allow-origin"],
  ["age"],
  ["allow"],
  ["authorization"],
  ["cache-control"],
  ["content-disposition"],
  ["content-encoding"],
  ["content-language"],
  ["content-length"],
  ["content-location"],
  ["content-range"],
  ["content-type"],
  ["cookie"],
  ["date"],
  ["etag"],
  ["expect"],
  ["expires"],
  ["from"],
  ["host"],
  ["if-match"],
  ["if-modified-since"],
  ["if-none-match"],
  ["if-range"],
  ["if-unmodified-since"],
  ["last-modified"],
  ["link"],
  ["location"],
  ["max-forwards"],
  ["proxy-authenticate"],
  ["proxy-authorization"],
  ["range"],
  ["referer"],
  ["refresh"],
  ["retry-after"],
  ["server"],
  ["set-cookie"],
  ["strict-transport-security"],
  ["transfer-encoding"],
  ["user-agent"],
  ["vary"],
  ["via"],
  ["www-authenticate"],
];

export const STATIC_ENTRIES = ENTRIES.length;
export const STATIC_NAMES: readonly string[] = ["", ...ENTRIES.map(([name]) => name)];
export const STATIC_VALUES: readonly string[] = ["", ...ENTRIES.map(([, value]) => value ?? "")];
/** Kinds of the entries as fields of a request, see request-fields.ts. */
export const STATIC_KINDS: readonly number[] = STATIC_NAMES.map((name, index) =>
  classifyField(name, STATIC_VALUES[index] ?? ""),
);

const indexByName = new Map<string, number>();
const indexByField = new Map<string, number>();
for (let index = STATIC_ENTRIES; index > 0; index--) {
  indexByName.set(STATIC_NAMES[index] ?? "", index);
  indexByField.set(`${STATIC_NAMES[index]}\n${STATIC_VALUES[index]}`, index);
}

/** The lowest index with this name; 0 = none. */
export function findStaticName(name: string): number {
  return indexByName.get(name) ?? 0;
}

/** The index of exactly this field; 0 = none. */
export function findStaticField(name: string, value: string): number {
  return indexByField.get(`${name}\n${value}`) ?? 0;
}
