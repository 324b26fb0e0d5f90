import { expect, test } from "bun:test";
import { FieldKind } from "../request-fields.ts";
import {
  findStaticField,
  findStaticName,
  STATIC_ENTRIES,
  STATIC_KINDS,
  STATIC_NAMES,
  STATIC_VALUES,
} from "./static-table.ts";

test("the table has the entries of RFC 7541 at their places", () => {
  const at = (index: number) => [STATIC_NAMES[index], STATIC_VALUES[index]];
  expect(STATIC_ENTRIES).toBe(61);
  expect([1, 2, 7, 8, 14, 16, 31, 38, 55, 61].map(at)).toEqual([
    [":authority", ""],
    [":method", "GET"],
    [":scheme", "https"],
    [":status", "200"],
    [":status", "500"],
    ["accept-encoding", "gzip, deflate"],
    ["content-type", ""],
    ["host", ""],
    ["set-cookie", ""],
    ["www-authenticate", ""],
  ]);
});

test("fields and names are found, the lowest index first", () => {
  expect([
    findStaticField(":method", "POST"),
    findStaticName(":status"),
    findStaticName("via"),
    findStaticName("x"),
  ]).toEqual([3, 8, 60, 0]);
  expect(findStaticField(":method", "PUT")).toBe(0);
});

test("entries know what they are in a request", () => {
  expect([STATIC_KINDS[3], STATIC_KINDS[8], STATIC_KINDS[19], STATIC_KINDS[57]]).toEqual([
    FieldKind.METHOD,
    FieldKind.MALFORMED,
    FieldKind.REGULAR,
    FieldKind.MALFORMED,
  ]);
});
