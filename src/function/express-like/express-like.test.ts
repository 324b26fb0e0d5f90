import { describe, expect, test } from "bun:test";
import { makeEvent, type EventChange } from "../event-function.test-support.ts";
import { EventRequest } from "./request.ts";
import { EventResponse } from "./response.ts";

function requestOf(change: EventChange = {}): EventRequest {
  return new EventRequest(makeEvent(change));
}

/** What a client gets of what `write` does with a response. */
async function answerOf(write: (response: EventResponse) => unknown, change: EventChange = {}) {
  const response = new EventResponse(requestOf(change), (message) => warnings.push(message));
  write(response);
  const { status, headers, body } = await response.sent;
  return { status, headers, body: body === null ? "" : await new Response(body as ReadableStream<Uint8Array>).text() };
}
const warnings: string[] = [];

describe("a request", () => {
  test("tells where it came in", () => {
    const request = requestOf({
      path: "/a%20b",
      query: "x[y]=1&list[]=2&list[]=3",
      url: "https://ignored/",
      headers: { host: "api.shop.example.org:8443", "x-requested-with": "XMLHttpRequest" },
      remoteAddress: "10.0.0.9",
    });
    const { method, url, originalUrl, baseUrl, path, query, hostname, host, subdomains, protocol, secure, xhr, ip } =
      request;
    expect({
      method,
      url,
      originalUrl,
      baseUrl,
      path,
      query,
      hostname,
      host,
      subdomains,
      protocol,
      secure,
      xhr,
      ip,
    }).toEqual({
      method: "GET",
      url: "/a%20b?x[y]=1&list[]=2&list[]=3",
      originalUrl: "/a%20b?x[y]=1&list[]=2&list[]=3",
      baseUrl: "",
      path: "/a%20b",
      query: { x: { y: "1" }, list: ["2", "3"] },
      hostname: "api.shop.example.org",
      host: "api.shop.example.org:8443",
      subdomains: ["shop", "api"],
      protocol: "https",
      secure: true,
      xhr: true,
      ip: "10.0.0.9",
    });
  });

  test("of a trigger without HTTP has a method, a path and a host all the same", () => {
    const bare = { method: "", path: "", url: "", headers: { host: "" } };
    const { method, url, hostname, protocol, ip } = requestOf({ ...bare, body: "x" });
    expect({ method, url, hostname, protocol, ip }).toEqual({
      method: "POST",
      url: "/",
      hostname: "",
      protocol: "http",
      ip: "",
    });
    expect(requestOf(bare).method).toBe("GET");
  });

  test("gives header fields in any case, the referrer by both of its names", () => {
    const request = requestOf({ headers: { referer: "here", "x-a": "1", cookie: 'a=1; b=%20; a=2; c="q"' } });
    expect([request.get("X-A"), request.header("Referrer"), request.get("none")]).toEqual(["1", "here", undefined]);
    expect(request.cookies).toEqual({ a: "1", b: " ", c: "q" });
  });

  test.each<[string, string, (string | string[])[], string | false]>([
    ["its full name", "application/json; charset=utf-8", ["application/json"], "application/json"],
    ["a short name", "application/json", ["html", "json"], "json"],
    ["a pattern", "image/png", ["image/*"], "image/png"],
    ["a suffix", "application/problem+json", ["+json"], "application/problem+json"],
    ["a form", "application/x-www-form-urlencoded", ["urlencoded"], "urlencoded"],
    ["parts", "multipart/form-data; boundary=x", ["multipart"], "multipart"],
    ["a name nobody knows", "application/octet-stream", ["nonsense"], false],
    ["a list", "text/html", [["json", "html"]], "html"],
    ["another type", "text/html", ["json"], false],
    ["no type at all", "nonsense", ["json"], false],
  ])("knows the type of its body by %s", (_, contentType, wanted, expected) => {
    expect(requestOf({ body: "x", headers: { "content-type": contentType } }).is(...wanted)).toBe(expected);
  });

  test("has no type without a body", () => {
    expect(requestOf({ headers: { "content-type": "text/html" } }).is("html")).toBeNull();
  });

  test("chooses what its client accepts", () => {
    const headers = {
      accept: "text/html;q=0.5, application/json",
      "accept-encoding": "gzip",
      "accept-language": "it, en;q=0.5",
      "accept-charset": "utf-8",
    };
    const request = requestOf({ headers });
    expect(request.accepts("html", "json")).toBe("json");
    expect(request.accepts(["html"])).toBe("html");
    expect(request.accepts("png")).toBe(false);
    expect(request.accepts()).toEqual(["application/json", "text/html"]);
    expect([request.acceptsEncodings("br"), request.acceptsEncodings("br", "gzip")]).toEqual([false, "gzip"]);
    expect([request.acceptsLanguages("en", "it"), request.acceptsCharsets("utf-8")]).toEqual(["it", "utf-8"]);
    expect(requestOf().accepts("json", "html")).toBe("json");
  });

  test("streams its body, a copy of it", async () => {
    const event = makeEvent({ body: "body" });
    const chunks: Buffer[] = [];
    for await (const chunk of new EventRequest(event)) chunks.push(chunk as Buffer);
    chunks[0]?.fill(0);
    expect([chunks.length, Buffer.from(event.body).toString()]).toEqual([1, "body"]);
  });
});

describe("a response", () => {
  const html = ["content-type", "text/html; charset=utf-8"] as const;
  const json = ["content-type", "application/json; charset=utf-8"] as const;
  const text = ["content-type", "text/plain; charset=utf-8"] as const;
  const vary = ["vary", "Accept"] as const;

  test.each<[string, (response: EventResponse) => unknown, object]>([
    ["send of text", (res) => res.send("<p>"), { status: 200, headers: [html], body: "<p>" }],
    [
      "send of bytes",
      (res) => res.send(Buffer.from("b")),
      { status: 200, headers: [["content-type", "application/octet-stream"]], body: "b" },
    ],
    ["send of an object", (res) => res.status(201).send({ a: 1 }), { status: 201, headers: [json], body: '{"a":1}' }],
    ["send of nothing", (res) => res.status(204).send(), { status: 204, headers: [], body: "" }],
    ["json", (res) => res.json([1]), { status: 200, headers: [json], body: "[1]" }],
    [
      "json with a type of one's own",
      (res) => res.type("application/x+json").json({}),
      { status: 200, headers: [["content-type", "application/x+json; charset=utf-8"]], body: "{}" },
    ],
    ["sendStatus", (res) => res.sendStatus(404), { status: 404, headers: [text], body: "Not Found" }],
    ["end alone", (res) => res.end("x"), { status: 200, headers: [], body: "x" }],
    [
      "redirect",
      (res) => res.redirect("/a b?x=1"),
      { status: 302, headers: [["location", "/a%20b?x=1"], vary, text], body: "Found. Redirecting to /a%20b?x=1" },
    ],
    [
      "redirect with a status",
      (res) => res.redirect(301, "https://a/"),
      {
        status: 301,
        headers: [["location", "https://a/"], vary, text],
        body: "Moved Permanently. Redirecting to https://a/",
      },
    ],
    [
      "writeHead",
      (res) => res.writeHead(202, { "X-A": "1" }).end("x"),
      { status: 202, headers: [["x-a", "1"]], body: "x" },
    ],
    [
      "writeHead with a reason and a list",
      (res) => res.writeHead(202, "Yes", ["X-A", "1", "X-B", "2"]).end(),
      {
        status: 202,
        headers: [
          ["x-a", "1"],
          ["x-b", "2"],
        ],
        body: "",
      },
    ],
    [
      "writes in pieces",
      (res) => {
        res.write("a");
        res.end("b");
      },
      { status: 200, headers: [], body: "ab" },
    ],
  ])("by %s", async (_, write, expected) => {
    expect(await answerOf(write)).toEqual(expected as Awaited<ReturnType<typeof answerOf>>);
  });

  test("keeps header fields as Node does", async () => {
    const { headers } = await answerOf((res) => {
      res.set({ "X-Many": "1", "X-Gone": "x" }).header("Content-Type", "text/csv");
      res.append("X-Many", "2").append("X-Many", ["3"]);
      res.removeHeader("x-gone");
      res.setHeader("Content-Length", 3);
      res.vary("Accept").vary("accept").vary(["Origin"]);
      expect([res.get("x-many"), res.getHeader("CONTENT-TYPE"), res.hasHeader("x-gone")]).toEqual([
        ["1", "2", "3"],
        "text/csv; charset=utf-8",
        false,
      ]);
      expect(res.getHeaderNames()).toEqual(["x-many", "content-type", "content-length", "vary"]);
      res.end("abc");
    });
    expect(headers).toEqual([
      ["x-many", "1"],
      ["x-many", "2"],
      ["x-many", "3"],
      ["content-type", "text/csv; charset=utf-8"],
      ["vary", "Accept, Origin"],
    ]);
  });

  test("sets and clears cookies", async () => {
    const { headers } = await answerOf((res) => {
      res.cookie("sid", "a b", { httpOnly: true, secure: true, sameSite: "lax", domain: "a.org", path: "/x" });
      res.cookie("cart", { items: [1] }, { expires: new Date(0), priority: "high" });
      res.cookie("short", "x", { maxAge: 60_000, expires: new Date(0) });
      res.clearCookie("old", { maxAge: 5 }).end();
    });
    const short = headers.findIndex(([, value]) => value.startsWith("short"));
    expect(headers[short]?.[1]).toMatch(/^short=x; Max-Age=60; Path=\/; Expires=\w{3}, /);
    expect(headers.toSpliced(short, 1).map(([, value]) => value)).toEqual([
      "sid=a%20b; Domain=a.org; Path=/x; HttpOnly; Secure; SameSite=Lax",
      "cart=j%3A%7B%22items%22%3A%5B1%5D%7D; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Priority=High",
      "old=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ]);
    expect(() => answerOf((res) => res.cookie("a;b", "x"))).toThrow();
  });

  test("offers a file for download under its name", async () => {
    const { headers } = await answerOf((res) => res.attachment("dir/r\u00e9sum\u00e9.pdf").end());
    expect(headers).toEqual([
      ["content-type", "application/pdf"],
      ["content-disposition", `attachment; filename="r?sum?.pdf"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf`],
    ]);
  });

  test("takes the form its client likes best", async () => {
    const inForm = (accept: string) =>
      answerOf((res) => res.format({ text: () => res.send("t"), html: () => res.send("<h>") }), {
        headers: { accept },
      });
    expect(await inForm("text/html")).toEqual({ status: 200, headers: [vary, html], body: "<h>" });
    expect(await inForm("*/*")).toEqual({ status: 200, headers: [vary, text], body: "t" });
    expect(await inForm("image/png")).toEqual({ status: 406, headers: [vary, text], body: "Not Acceptable" });
    const moved = await answerOf((res) => res.redirect("/?a=1&b=2"), { headers: { accept: "text/html" } });
    expect(moved).toEqual({
      status: 302,
      headers: [["location", "/?a=1&b=2"], vary, html],
      body: "<p>Found. Redirecting to /?a=1&amp;b=2</p>",
    });
  });

  test("calls the function a script asks for, and nothing else", async () => {
    const { body, headers } = await answerOf((res) => res.jsonp({ a: "\u2028" }), { query: "callback=my.fn(1)" });
    expect(body).toBe(`/**/ typeof my.fn1 === 'function' && my.fn1({"a":"\\u2028"});`);
    expect(headers[1]).toEqual(["content-type", "text/javascript; charset=utf-8"]);
  });

  test("goes back to where the client came from", async () => {
    const { headers } = await answerOf((res) => res.redirect("back"), { headers: { referer: "/before" } });
    expect(headers[0]).toEqual(["location", "/before"]);
  });

  test("is given once", async () => {
    await answerOf((res) => {
      expect(res.headersSent).toBe(false);
      res.send("first");
      expect([res.headersSent, res.finished]).toEqual([true, true]);
      for (const again of [
        () => res.send("x"),
        () => res.json({}),
        () => res.setHeader("a", "b"),
        () => res.redirect("/"),
      ]) {
        expect(again).toThrow(expect.objectContaining({ code: "ERR_HTTP_HEADERS_SENT" }));
      }
    });
  });

  test("a write after the end is told to the log", async () => {
    warnings.length = 0;
    await answerOf((res) => {
      res.end("x");
      res.write("y");
      res.end("z");
    });
    expect(warnings).toEqual(["write after end: ignored", "end after end: ignored"]);
  });

  test.each([199, 600, 200.5, Number.NaN])("has no status %p", async (status) => {
    expect(() => answerOf((res) => res.status(status).end())).toThrow();
  });

  test("refuses header fields HTTP does not allow", () => {
    const response = new EventResponse(requestOf(), () => undefined);
    expect(() => response.set("X-A", "a\r\nb")).toThrow("X-A");
    expect(() => response.set("X A", "a")).toThrow("X A");
  });

  test("tells its writer when it is finished and closed", async () => {
    const heard: string[] = [];
    await answerOf((res) => {
      res.on("finish", () => heard.push("finish")).on("close", () => heard.push("close"));
      res.end("x");
    });
    await Bun.sleep(1);
    expect(heard).toEqual(["finish", "close"]);
  });

  test("makes its writer wait for a reader that is slow, and ends when the reader leaves", async () => {
    const response = new EventResponse(requestOf(), () => undefined);
    const chunk = Buffer.alloc(64 * 1024);
    expect([response.write(chunk), response.write(chunk)]).toEqual([false, false]);
    const { body } = await response.sent;
    expect(response.writableLength).toBe(2 * chunk.byteLength);
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await Bun.sleep(1);
    expect(response.writableLength).toBeLessThan(2 * chunk.byteLength);
    await reader.cancel();
    expect(response.destroyed).toBe(true);
  });
});
