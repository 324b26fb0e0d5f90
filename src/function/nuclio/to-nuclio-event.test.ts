import { describe, expect, test } from "bun:test";
import type { FunctionEvent } from "../../event/contract.ts";
import { structuredData, toNuclioEvent } from "./to-nuclio-event.ts";

const plain: FunctionEvent = {
  id: "e1",
  trigger: { kind: "http", name: "api" },
  timestamp: new Date(5000),
  method: "POST",
  path: "/a",
  query: "",
  headers: [],
  body: Buffer.from("{}"),
  url: "http://h/a",
  remoteAddress: "",
};

describe("a plain event", () => {
  test("has every attribute Nuclio names", () => {
    const headers = [
      ["content-type", "text/x"],
      ["x-request-id", "7"],
    ] as const;
    expect(toNuclioEvent({ ...plain, headers, query: "a=1&b=x%20y&a=2" })).toEqual({
      id: "e1",
      body: Buffer.from("{}"),
      content_type: "text/x",
      "content-type": "text/x",
      trigger: { kind: "http", name: "api" },
      fields: { a: "2", b: "x y" },
      headers: { "Content-Type": "text/x", "X-Request-Id": "7" },
      method: "POST",
      path: "/a",
      url: "",
      timestamp: new Date(5000),
      size: 2,
      shard_id: -1,
      num_shards: 0,
      type: "",
      type_version: "",
      version: "",
      offset: 0,
      topic: "",
    });
  });

  test.each([
    ["/a%20b", "/a b"],
    ["/a//b", "/a/b"],
    ["/a/%2e%2e/b", "/b"],
    ["/../a/./b/", "/a/b/"],
    ["/%zz", "/%zz"],
    ["", ""],
  ])("path %s is %s", (path, expected) => {
    expect(toNuclioEvent({ ...plain, path }).path).toBe(expected);
  });

  test("is the handler's own: what it changes stays in it", () => {
    const first = toNuclioEvent(plain);
    first.body.fill(0);
    (first.headers as Record<string, string>)["X-Left"] = "behind";
    expect(toNuclioEvent(plain).body.toString()).toBe("{}");
    expect(toNuclioEvent(plain).headers).toEqual({});
  });
});

describe("a CloudEvent", () => {
  const send = (members: object): FunctionEvent => ({
    ...plain,
    headers: [
      ["content-type", "application/cloudevents+json"],
      ["x-a", "b"],
    ],
    body: Buffer.from(JSON.stringify(members)),
  });

  test("of version 0.1, structured, brings its extensions in place of the headers", () => {
    const event = toNuclioEvent(
      send({
        cloudEventsVersion: "0.1",
        eventID: "7",
        source: "/s",
        eventType: "t",
        data: { a: 1 },
        extensions: { x: 1 },
      }),
    );
    expect(event).toMatchObject({
      id: "7",
      trigger: { kind: "/s", name: "/s" },
      headers: { x: "1" },
      type: "t",
      version: "0.1",
      content_type: "",
      size: 0,
      timestamp: new Date(0),
      method: "POST",
      path: "/a",
    });
    expect(event.body.toString()).toBe('{"a":1}');
    expect(event[structuredData]).toEqual({ a: 1 });
  });

  test("of version 1.0, structured, looks as it would in binary mode", () => {
    const event = toNuclioEvent(
      send({
        specversion: "1.0",
        id: "7",
        source: "/s",
        type: "t",
        subject: "u",
        datacontenttype: "text/y",
        data: "d",
        x: true,
      }),
    );
    expect(event).toMatchObject({ id: "7", trigger: { kind: "/s", name: "/s" }, size: 1, timestamp: new Date(5000) });
    expect(event.headers).toEqual({
      "Content-Type": "text/y",
      "X-A": "b",
      "Ce-Specversion": "1.0",
      "Ce-Id": "7",
      "Ce-Source": "/s",
      "Ce-Type": "t",
      "Ce-Subject": "u",
      "Ce-X": "true",
    });
    expect(event.content_type).toBe("text/y");
  });

  test("leaves nothing to the one that follows", () => {
    toNuclioEvent(send({ cloudEventsVersion: "0.1", eventID: "7", source: "/s", extensions: { x: 1 } }));
    expect(toNuclioEvent(send({ cloudEventsVersion: "0.1" }))).toMatchObject({ id: "e1", headers: {}, type: "" });
    expect(toNuclioEvent(plain)).toMatchObject({ trigger: { kind: "http", name: "api" }, version: "" });
  });

  test("in binary mode keeps the headers, and names its trigger", () => {
    const headers = [
      ["ce-cloudeventsversion", "0.1"],
      ["ce-source", "/s"],
      ["ce-name", "shop"],
      ["content-type", "text/x"],
    ] as const;
    expect(toNuclioEvent({ ...plain, headers })).toMatchObject({
      trigger: { kind: "/s", name: "shop" },
      content_type: "text/x",
      headers: { "Ce-Source": "/s" },
      version: "0.1",
      size: 2,
    });
  });
});
