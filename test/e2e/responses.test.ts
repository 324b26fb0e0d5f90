/** Responses made of others: of one that was fetched, of the upstream's, of the request. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { request } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import { sendRaw } from "../support/raw.ts";
import { bodyModes, describeWithEnvoys, listenersByMode } from "../support/rig.ts";

const coded = {
  status: 201,
  headers: [
    ["content-encoding", "gzip"],
    ["content-type", "text/x-upstream"],
    ["x-envoy-decorator-operation", "upstream"],
  ] as [string, string][],
  body: gzipSync("some text"),
};

const cookies: [string, string][] = [
  ["set-cookie", "a=1"],
  ["set-cookie", "b=2"],
];
const withCookies = { ...coded, headers: [...coded.headers, ...cookies] };

/** Again for each request. */
function slowly(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      for (const at of [0, 10]) {
        await Bun.sleep(30);
        yield bytes.subarray(at, at === 0 ? 10 : bytes.length);
      }
    },
  };
}

describeWithEnvoys(
  "responses of others",
  { processor: { function: { file: join(import.meta.dir, "functions", "responses.ts") } }, listeners: listenersByMode },
  (rig) => {
    for (const mode of bodyModes) {
      test.each([
        ["at once", coded.body, []],
        ["after a while", slowly(coded.body), []],
        ["after a while, with cookies", slowly(coded.body), ["a=1", "b=2"]],
      ])(`${mode}: what fetch() gave, decoded, is no longer called coded: %s`, async (_name, body, cookies) => {
        const headers = [...coded.headers, ...cookies.map((cookie): [string, string] => ["set-cookie", cookie])];
        rig.upstream.answer("/elsewhere", () => ({ status: 201, headers, body }));
        const url = `http://127.0.0.1:${rig.upstream.port}/elsewhere`;
        const response = await request(rig.ports[mode], { path: "/fetched", headers: [["x-url", url]] });
        expect([
          response.status,
          response.text,
          clientValues(response, "content-encoding"),
          clientValues(response, "set-cookie"),
          clientValues(response, "x-envoy-decorator-operation"),
        ]).toEqual([201, "some text", [], cookies, []]);
        await rig.processor.waitForLine(/"x-envoy-decorator-operation\\?" is left out of the function's answers/);
      });

      // STREAMED: reading the body whole lets the headers go on.
      if (mode !== "streamed") {
        test(`${mode}: a copy of the upstream's response with another text`, async () => {
          rig.upstream.answer("/copied", () => withCookies);
          const response = await request(rig.ports[mode], { path: "/copied" });
          expect([response.status, response.text, clientValues(response, "set-cookie")]).toEqual([
            201,
            "SOME TEXT",
            ["a=1", "b=2"],
          ]);
        });

        test(`${mode}: one with the upstream's inside asks for it, as long as the request can go on`, async () => {
          rig.upstream.answer("/upstream-inside", ({ body }) => ({ body: `upstream got ${body.length}` }));
          const sent = { method: "POST", path: "/upstream-inside", body: "12345" };
          const response = await request(rig.ports[mode], sent);
          expect([response.status, response.text]).toEqual([200, "before upstream got 5"]);
        });
      }

      test.each([
        ["/rewritten", "left plain"],
        ["/recoded", "coded by the function"],
      ])(`${mode}: a copy whose body is made of the upstream's as it flows keeps the coding: %s, %s`, async (path) => {
        rig.upstream.answer(path, () => withCookies);
        const response = await request(rig.ports[mode], { path });
        expect([
          response.status,
          gunzipSync(response.body).toString(),
          clientValues(response, "content-encoding"),
          clientValues(response, "content-type"),
          clientValues(response, "set-cookie"),
          clientValues(response, "x-rewritten"),
        ]).toEqual([203, "SOME TEXT", ["gzip"], ["text/x-upstream"], ["a=1", "b=2"], ["yes"]]);
      });

      test(`${mode}: one with headers of its own is plain, and has no others`, async () => {
        rig.upstream.answer("/plain", () => withCookies);
        const response = await request(rig.ports[mode], { path: "/plain" });
        const names = ["content-encoding", "content-type", "set-cookie"];
        expect([response.status, response.text, names.map((name) => clientValues(response, name))]).toEqual([
          200,
          "SOME TEXT",
          [[], ["text/x-plain"], []],
        ]);
      });

      for (const chunked of [false, true]) {
        for (const length of [8, 300_000]) {
          const how = `${length} bytes${chunked ? ", chunked" : ""}`;
          test(`${mode}: a response made of the request's body (${how})`, async () => {
            const sent = { method: "POST", path: "/uploaded", body: "u".repeat(length), chunked };
            const response = await request(rig.ports[mode], sent);
            expect([response.status, response.text === "U".repeat(length)]).toEqual([200, true]);
          });

          test(`${mode}: a response that reads the request's body after it began (${how})`, async () => {
            const sent = { method: "POST", path: "/read-late", body: "u".repeat(length), chunked };
            const response = await request(rig.ports[mode], sent);
            expect([response.status, response.text === `got ${"u".repeat(length)}`]).toEqual([200, true]);
          });
        }

        test(`${mode}: a response that takes time and leaves the request unread${chunked ? ", chunked" : ""}`, async () => {
          const sent = { method: "POST", path: "/ticks", body: "u".repeat(1_000_000), chunked };
          const response = await request(rig.ports[mode], sent);
          expect([response.status, response.text]).toEqual([200, "tick tick tick "]);
        });
      }

      if (mode === "duplex") {
        test("duplex: one that is streamed is an answer once, and says so", async () => {
          const answers = [await request(rig.ports[mode], { path: "/streamed-twice" })];
          answers.push(await request(rig.ports[mode], { path: "/streamed-twice" }));
          expect(answers.map(({ status, text }) => `${status} ${text}`)).toEqual(["200 streamed", "500 "]);
          await rig.processor.waitForLine(/is being streamed already: make one for each exchange/);
        });

        test.each([
          ["its last chunk", "0\r\n\r\n"],
          ["trailers", "0\r\nx-end: 1\r\n\r\n"],
        ])("duplex: each piece of a request comes back as it flows, until %s", async (_name, end) => {
          const head = "POST /uploaded HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
          const pieces = [head, "5\r\nhello\r\n", 50, "5\r\nworld\r\n", 50, end];
          const { text } = await sendRaw(rig.ports[mode], pieces);
          expect(text).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n5\r\nHELLO\r\n5\r\nWORLD\r\n0\r\n\r\n$/);
        });
      }

      test(`${mode}: one made once is an answer as often as it is returned, at the same time too`, async () => {
        const answers = [1, 2, 3].map(() => request(rig.ports[mode], { path: "/denied" }));
        const all = [...(await Promise.all(answers)), await request(rig.ports[mode], { path: "/denied" })];
        expect(all.map(({ status, text }) => `${status} ${text}`)).toEqual(all.map(() => "403 denied"));
      });

      test(`${mode}: one whose body was read before is a failure that says so`, async () => {
        expect((await request(rig.ports[mode], { path: "/read-before" })).status).toBe(500);
        await rig.processor.waitForLine(/the body of the Response was read before it was returned/);
      });

      test(`${mode}: one that takes time keeps each of its cookies`, async () => {
        for (const cookies of [["a=1"], ["a=1", "b=2"]]) {
          const headers = cookies.map((cookie): [string, string] => ["x-cookie", cookie]);
          const response = await request(rig.ports[mode], { path: "/ticks", headers });
          expect([response.text, clientValues(response, "set-cookie")]).toEqual(["tick tick tick ", cookies]);
        }
      });

      test(`${mode}: HEAD gets no byte of a response that takes time`, async () => {
        const { text } = await sendRaw(rig.ports[mode], [
          "HEAD /ticks HTTP/1.1\r\nhost: a\r\n\r\n",
          100,
          "GET /after HTTP/1.1\r\nhost: a\r\n\r\n",
        ]);
        expect(text).toMatch(/^HTTP\/1\.1 200 [^\r]*\r\n(?:[^\r]+\r\n)*\r\nHTTP\/1\.1 200 /);
      });
    }
  },
);
