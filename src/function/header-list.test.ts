import { describe, expect, test } from "bun:test";
import { ExchangeError } from "./errors.ts";
import { FieldList } from "./header-list.ts";

const received = [":method", "GET", ":path", "/a", "accept", "a", "cookie", "x=1", "accept", "b", "cookie", "y=2"];

function codeOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ExchangeError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing thrown";
}

describe("reading", () => {
  test("iterates one entry a line in arrival order, without pseudo headers", () => {
    const list = new FieldList(received);
    const lines = [
      ["accept", "a"],
      ["cookie", "x=1"],
      ["accept", "b"],
      ["cookie", "y=2"],
    ];
    expect([...list] as string[][]).toEqual(lines);
    expect([...list.entries()] as string[][]).toEqual(lines);
    expect([...list.keys()]).toEqual(["accept", "cookie", "accept", "cookie"]);
    expect([...list.values()]).toEqual(["a", "x=1", "b", "y=2"]);
    const seen: unknown[] = [];
    list.forEach((value, name, self) => seen.push([name, value, self === list]));
    expect(seen).toEqual(lines.map(([name, value]) => [name, value, true]));
  });

  test("joins the values of a name with a comma, of cookie with a semicolon", () => {
    const list = new FieldList(received);
    expect([list.get("Accept"), list.get("COOKIE"), list.get("x-none")]).toEqual(["a, b", "x=1; y=2", null]);
    expect([list.getAll("Accept"), list.getAll("x-none")]).toEqual([["a", "b"], []]);
    expect([list.has("ACCEPT"), list.has("x-none")]).toEqual([true, false]);
  });

  test("keeps every set-cookie line", () => {
    expect(new FieldList(["set-cookie", "a=1", "set-cookie", "b=2"]).getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test("shows an empty value as an empty text and a missing one as null", () => {
    const list = new FieldList(["x-empty", ""]);
    expect([list.get("x-empty"), list.has("x-empty"), list.get("x-other")]).toEqual(["", true, null]);
  });

  test("tells what arrived after it was changed, too", () => {
    const list = new FieldList(received);
    list.delete("accept");
    list.set("cookie", "z=3");
    list.set("x-new", "1");
    const names = ["accept", "Cookie", "x-new"];
    expect(names.map((name) => list.received.get(name))).toEqual(["a, b", "x=1; y=2", null]);
    expect(names.map((name) => list.received.has(name))).toEqual([true, true, false]);
    expect(names.map((name) => list.has(name))).toEqual([false, true, true]);
  });

  test("gives pseudo headers to the trigger only", () => {
    const list = new FieldList(received);
    expect([list.pseudo(":path"), list.pseudo(":status")]).toEqual(["/a", null]);
    expect([list.get(":path"), list.has(":path"), list.getAll(":path")]).toEqual([null, false, []]);
  });
});

describe("changing", () => {
  test("set replaces the first line in place and drops the others", () => {
    const list = new FieldList(received);
    list.set("Accept", "c");
    expect([...list] as string[][]).toEqual([
      ["accept", "c"],
      ["cookie", "x=1"],
      ["cookie", "y=2"],
    ]);
    expect(list.changes()).toEqual({ removed: [], set: [{ name: "accept", value: "c", append: false }] });
  });

  test("an untouched list has no changes, and the received lines are never written to", () => {
    const lines = ["a", "1", "b", "2"];
    const list = new FieldList(lines);
    expect(list.changes()).toBeNull();
    list.set("a", "9");
    list.append("b", "3");
    list.delete("b");
    expect(lines).toEqual(["a", "1", "b", "2"]);
  });

  test("setting what is there already, and deleting what is not, is no change", () => {
    const list = new FieldList(["a", "1"]);
    list.set("a", "1");
    list.delete("b");
    expect(list.changes()).toBeNull();
  });

  test("a change taken back is no change", () => {
    const list = new FieldList(["a", "1"]);
    list.set("a", "2");
    list.set("a", "1");
    list.set("b", "1");
    list.delete("b");
    expect(list.changes()).toBeNull();
  });

  test("several new values of one name are written first, then appended", () => {
    const list = new FieldList([]);
    list.append("set-cookie", "a=1");
    list.append("Set-Cookie", "b=2");
    expect(list.changes()).toEqual({
      removed: [],
      set: [
        { name: "set-cookie", value: "a=1", append: false },
        { name: "set-cookie", value: "b=2", append: true },
      ],
    });
  });

  test("appending to received lines sends only the new line", () => {
    const list = new FieldList(["set-cookie", "a=1"]);
    list.append("set-cookie", "b=2");
    expect(list.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(list.changes()).toEqual({ removed: [], set: [{ name: "set-cookie", value: "b=2", append: true }] });
  });

  test("dropping one of several lines writes the rest anew", () => {
    const list = new FieldList(["v", "1", "v", "2", "v", "3"]);
    list.delete("v");
    list.append("v", "2");
    list.append("v", "3");
    expect(list.changes()).toEqual({
      removed: [],
      set: [
        { name: "v", value: "2", append: false },
        { name: "v", value: "3", append: true },
      ],
    });
  });

  test("deleting removes, deleting and adding again sets", () => {
    const list = new FieldList(["server", "x", "via", "y"]);
    list.delete("Server");
    list.delete("via");
    list.set("via", "z");
    expect(list.changes()).toEqual({ removed: ["server"], set: [{ name: "via", value: "z", append: false }] });
  });

  test("deleting inside a loop skips nothing", () => {
    const list = new FieldList(["x-a", "1", "x-b", "2", "keep", "3", "x-c", "4"]);
    for (const [name] of list) if (name.startsWith("x-")) list.delete(name);
    expect([...list] as string[][]).toEqual([["keep", "3"]]);
    expect(list.changes()?.removed).toEqual(["x-a", "x-b", "x-c"]);
  });
});

describe("what HTTP and the proxy allow", () => {
  test("surrounding blanks are trimmed, Latin-1 values pass unchanged", () => {
    const list = new FieldList([]);
    list.set("x-a", " \t caf\u00e9 \u0080 \t");
    expect(list.get("x-a")).toBe("caf\u00e9 \u0080");
  });

  test("other values are turned into text", () => {
    const list = new FieldList([]);
    const numeric: unknown = 7;
    list.set("x-a", numeric as string);
    expect(list.changes()).toEqual({ removed: [], set: [{ name: "x-a", value: "7", append: false }] });
  });

  test.each([
    ["\u0100", "U+0100 at 0"],
    ["a\r\nb", "U+000D at 1"],
    ["ab\n", "U+000A at 2"],
    ["\0", "U+0000 at 0"],
    ["\u007f", "U+007F at 0"],
    ["ok \u{1f600}", "U+1F600 at 3"],
  ])("value %j is refused, naming the header", (value, found) => {
    const list = new FieldList([]);
    const message = `HEADER_INVALID: value of header "x-a" contains ${found}: only tab, visible ASCII, space and U+0080 to U+00FF are allowed`;
    expect(codeOf(() => list.set("X-A", value))).toBe(message);
    expect(codeOf(() => list.append("X-A", value))).toBe(message);
    expect(list.changes()).toBeNull();
  });

  test.each(["", "a b", "a:b", "ä", "a\n"])("name %j is refused", (name) => {
    const list = new FieldList([]);
    const message = `HEADER_INVALID: ${JSON.stringify(name)} is not a header name`;
    expect(codeOf(() => list.set(name, "1"))).toBe(message);
    expect(codeOf(() => list.append(name, "1"))).toBe(message);
    expect(codeOf(() => list.delete(name))).toBe(message);
  });

  test("a pseudo header is refused with the mend", () => {
    expect(codeOf(() => new FieldList([]).set(":Path", "/"))).toBe(
      'HEADER_INVALID: ":Path" is not a header name; pseudo headers are changed through path, method, authority and status',
    );
  });
});

describe("guard", () => {
  test("sees the lower-case name before each change, and a refusal changes nothing", () => {
    const list = new FieldList(["host", "a"]);
    const asked: string[] = [];
    list.guard = (name) => {
      asked.push(name);
      if (name === "host") throw new ExchangeError("NOT_ALLOWED_BY_ENVOY", name);
    };
    list.set("X-A", "1");
    expect(codeOf(() => list.delete("Host"))).toBe("NOT_ALLOWED_BY_ENVOY: host");
    expect(codeOf(() => list.append("host", "b"))).toBe("NOT_ALLOWED_BY_ENVOY: host");
    expect(asked).toEqual(["x-a", "host", "host"]);
    expect(list.changes()).toEqual({ removed: [], set: [{ name: "x-a", value: "1", append: false }] });
  });

  test("a list whose guard refuses everything still reads", () => {
    const list = new FieldList(["a", "1"]);
    list.guard = (name) => {
      throw new ExchangeError("REQUEST_SENT", name);
    };
    expect(codeOf(() => list.set("a", "2"))).toBe("REQUEST_SENT: a");
    expect(list.get("a")).toBe("1");
  });
});
