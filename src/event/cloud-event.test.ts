import { describe, expect, test } from "bun:test";
import { readCloudEvent } from "./cloud-event.ts";
import { EventError } from "./event-error.ts";

function structured(body: unknown, contentType = "application/cloudevents+json") {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { headers: [["content-type", contentType]] as const, body: Buffer.from(text) };
}

function binary(headers: Record<string, string>, body = "data") {
  return { headers: Object.entries(headers), body: Buffer.from(body) };
}

function refusal(event: Parameters<typeof readCloudEvent>[0]): string {
  try {
    readCloudEvent(event);
  } catch (error) {
    if (!(error instanceof EventError)) throw error;
    return `${error.code} ${error.answer.status} ${Buffer.from(error.answer.body as Uint8Array).toString()}`;
  }
  return "not refused";
}

const none = { typeVersion: "", time: null, subject: "", dataSchema: "", extensions: {} };

describe("version 0.1", () => {
  test("structured, with text, extensions and a time", () => {
    const event = readCloudEvent(
      structured({
        cloudEventsVersion: "0.1",
        eventID: "7",
        source: "/orders",
        eventType: "created",
        eventTypeVersion: "2",
        eventTime: "2026-01-02T03:04:05Z",
        contentType: "text/x",
        data: "hé",
        extensions: { tenant: "a", level: 2 },
      }),
    );
    expect(event).toEqual({
      ...none,
      mode: "structured",
      version: "0.1",
      id: "7",
      source: "/orders",
      type: "created",
      typeVersion: "2",
      time: new Date("2026-01-02T03:04:05Z"),
      contentType: "text/x",
      data: { kind: "bytes", bytes: Buffer.from("hé") },
      extensions: { tenant: "a", level: 2 },
    });
  });

  test("structured, with an object as data, is read whatever else it lacks", () => {
    const event = readCloudEvent(structured({ data: { a: 1 }, eventTime: "yesterday" }, "application/cloudevents"));
    expect(event).toEqual({
      ...none,
      mode: "structured",
      version: "",
      id: "",
      source: "",
      type: "",
      contentType: "",
      data: { kind: "json", value: { a: 1 } },
    });
  });

  test("binary, with a bad time", () => {
    const event = readCloudEvent(
      binary({
        "content-type": "text/x",
        "ce-cloudeventsversion": "0.1",
        "ce-eventid": "7",
        "ce-source": "/orders",
        "ce-name": "shop",
        "ce-eventtype": "created",
        "ce-eventtypeversion": "2",
        "ce-eventtime": "yesterday",
        "ce-tenant": "a",
      }),
    );
    expect(event).toEqual({
      ...none,
      mode: "binary",
      version: "0.1",
      id: "7",
      source: "/orders",
      subject: "shop",
      type: "created",
      typeVersion: "2",
      contentType: "text/x",
      data: { kind: "bytes", bytes: Buffer.from("data") },
      extensions: { tenant: "a" },
    });
  });
});

describe("version 1.0", () => {
  const required = { specversion: "1.0", id: "7", source: "/orders", type: "created" };
  const given = { ...none, version: "1.0", id: "7", source: "/orders", type: "created" };

  test("structured, with everything", () => {
    const optional = {
      time: "2026-01-02T03:04:05.5+01:00",
      subject: "7/8",
      dataschema: "/s",
      datacontenttype: "text/x",
    };
    expect(readCloudEvent(structured({ ...required, ...optional, data: "a", tenant: "b", level: 2 }))).toEqual({
      ...given,
      mode: "structured",
      time: new Date("2026-01-02T02:04:05.5Z"),
      subject: "7/8",
      dataSchema: "/s",
      contentType: "text/x",
      data: { kind: "bytes", bytes: Buffer.from("a") },
      extensions: { tenant: "b", level: 2 },
    });
  });

  test.each<[string, object, string, object]>([
    ["JSON", { data: { a: 1 } }, "application/json", { kind: "json", value: { a: 1 } }],
    ["a JSON text", { data: "a" }, "application/json", { kind: "json", value: "a" }],
    [
      "a text of another type",
      { data: "a", datacontenttype: "text/x" },
      "text/x",
      { kind: "bytes", bytes: Buffer.from("a") },
    ],
    ["a text of a JSON type", { data: "a", datacontenttype: "x/y+json" }, "x/y+json", { kind: "json", value: "a" }],
    ["base64", { data_base64: "AP8=" }, "", { kind: "bytes", bytes: Buffer.from([0, 255]) }],
    ["nothing", {}, "", { kind: "bytes", bytes: Buffer.alloc(0) }],
  ])("structured, with %s as data", (_, members, contentType, data) => {
    const event = readCloudEvent(structured({ ...required, ...members }));
    expect({ contentType: event?.contentType, data: event?.data }).toEqual({ contentType, data } as never);
  });

  test("binary, with percent-encoded values and extensions", () => {
    const headers = Object.fromEntries(Object.entries(required).map(([name, value]) => [`ce-${name}`, value]));
    const more = { "content-type": "text/x", "ce-subject": "Stra%C3%9Fe", "ce-tenant": "a" };
    expect(readCloudEvent(binary({ ...headers, ...more }))).toEqual({
      ...given,
      mode: "binary",
      subject: "Straße",
      contentType: "text/x",
      data: { kind: "bytes", bytes: Buffer.from("data") },
      extensions: { tenant: "a" },
    });
  });

  test.each([
    [
      "no id",
      { ...required, id: undefined },
      'BAD_EVENT 400 the CloudEvent lacks the attribute "id", which must be a text',
    ],
    [
      "a number as id",
      { ...required, id: 7 },
      'BAD_EVENT 400 the CloudEvent lacks the attribute "id", which must be a text',
    ],
    [
      "a time that is none",
      { ...required, time: "noon" },
      'BAD_EVENT 400 the CloudEvent has an attribute "time" that is no time of RFC 3339',
    ],
    [
      "a subject that is no text",
      { ...required, subject: {} },
      'BAD_EVENT 400 the CloudEvent has an attribute "subject" that is no text',
    ],
    [
      "two kinds of data",
      { ...required, data: 1, data_base64: "AA==" },
      "BAD_EVENT 400 the CloudEvent has both data and data_base64",
    ],
    [
      "base64 that is none",
      { ...required, data_base64: "?" },
      "BAD_EVENT 400 the CloudEvent has data_base64 that is no base64",
    ],
  ])("structured, with %s, is refused", (_, members, message) => {
    expect(refusal(structured(members))).toBe(message);
  });

  test.each([
    [
      "no type",
      { "ce-specversion": "1.0", "ce-id": "7", "ce-source": "/" },
      'BAD_EVENT 400 the CloudEvent lacks the header "ce-type"',
    ],
    [
      "a value cut short",
      { "ce-specversion": "1.0", "ce-id": "%C3", "ce-source": "/", "ce-type": "t" },
      'BAD_EVENT 400 the CloudEvent has a header "ce-id" that is not percent-encoded UTF-8',
    ],
  ])("binary, with %s, is refused", (_, headers, message) => {
    expect(refusal(binary(headers))).toBe(message);
  });
});

test.each([
  ["no JSON", '{"specv', /^BAD_EVENT 500 the CloudEvent is no JSON: /],
  ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]).toString("latin1"), /^BAD_EVENT 500 the CloudEvent is no JSON object/],
  ["a batch", "[]", /^BAD_EVENT 500 the CloudEvent is no JSON object; batches are not served$/],
  ["nothing", "", /^BAD_EVENT 500 the CloudEvent is no JSON: /],
])("a structured event that is %s is refused", (_, body, message) => {
  expect(refusal(structured(body))).toMatch(message);
});

test("any other event is none", () => {
  expect(readCloudEvent(structured("{}", "application/json"))).toBeNull();
  expect(readCloudEvent(binary({ "ce-id": "7" }))).toBeNull();
});
