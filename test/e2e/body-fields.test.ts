/**
 * The fields that describe a body: what a function says of them cuts, doubles and garbles nothing, and what it reads is
 * described by what arrived.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { request } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import { headerValues } from "../support/http1.ts";
import { sendRaw } from "../support/raw.ts";
import { bothWays, describeWithEnvoys } from "../support/rig.ts";

const routing = { filter: { mutation_rules: { allow_all_routing: true } } };
const listeners = {
  none: bothWays("NONE", routing),
  buffered: bothWays("BUFFERED", routing),
  partial: bothWays("BUFFERED_PARTIAL", routing),
  streamed: bothWays("STREAMED", routing),
  duplex: bothWays("FULL_DUPLEX_STREAMED", routing),
} as const;
const modes = ["none", "buffered", "partial", "streamed", "duplex"] as const;

describeWithEnvoys(
  "fields of bodies",
  {
    processor: {
      function: { file: join(import.meta.dir, "functions", "body-fields.ts") },
      triggers: { main: { allowRouting: true } },
    },
    listeners,
  },
  (rig) => {
    for (const mode of modes) {
      test.each([
        ["/length-deleted", "12345 and more", "12345 and more and more"],
        ["/length-set", "12345 and more", "12345 and more and more"],
        ["/length-deleted-unread", "12345", "12345"],
        ["/length-set-unread", "12345", "12345"],
      ])(`${mode}: content-length is not a function's business: %s`, async (path, sent, answered) => {
        rig.upstream.answer(path, (received) => ({ body: received.body }));
        const response = await request(rig.ports[mode], { method: "POST", path, body: "12345" });
        expect([response.status, rig.upstream.requests.at(-1)?.body.toString(), response.text]).toEqual([
          200,
          sent,
          answered,
        ]);
      });

      test.each(["/coding-deleted", "/coding-deleted-stream"])(
        `${mode}: a body is decoded by the coding it came with: %s`,
        async (path) => {
          const body = gzipSync("12345 abc");
          const headers: [string, string][] = [["content-encoding", "gzip"]];
          rig.upstream.answer(path, () => ({ headers, body }));
          const response = await request(rig.ports[mode], { method: "POST", path, headers, body });
          const received = rig.upstream.requests.at(-1);
          expect([
            response.status,
            received?.body.toString(),
            headerValues(received?.headers ?? [], "content-encoding"),
            response.text,
            clientValues(response, "content-encoding"),
          ]).toEqual([200, "12345 ABC", [], "12345 ABC", []]);
        },
      );

      test(`${mode}: a function may give a plain body a coding`, async () => {
        rig.upstream.answer("/coding-set", () => ({ body: "answer" }));
        const response = await request(rig.ports[mode], { method: "POST", path: "/coding-set", body: "question" });
        const received = rig.upstream.requests.at(-1);
        expect([
          response.status,
          headerValues(received?.headers ?? [], "content-encoding"),
          gunzipSync(received?.body ?? "").toString(),
          clientValues(response, "content-encoding"),
          gunzipSync(response.body).toString(),
        ]).toEqual([200, ["gzip"], "QUESTION", ["gzip"], "ANSWER"]);
      });

      for (const status of [204, 304]) {
        for (const path of ["/unread", "/read", "/assigned", "/transformed"]) {
          // STREAMED: reading lets the headers go on.
          if (mode === "streamed" && path === "/read") continue;
          test(`${mode}: a response made a ${status} leaves its body behind: ${path}`, async () => {
            rig.upstream.answer(path, () => ({ body: "a body" }));
            const { text } = await sendRaw(rig.ports[mode], [get(`${path}?${status}`), 100, get("/after")]);
            expect(text).toMatch(wholeResponses(status, 200));
            expect(text.split("HTTP/1.1 200")[0]).not.toMatch(/content-length|transfer-encoding/);
          });
        }
      }

      for (const method of ["GET", "HEAD"]) {
        test(`${mode}: a ${method} cannot go on as one whose response is framed otherwise`, async () => {
          const response = await request(rig.ports[mode], { method, path: "/other-method" });
          expect(clientValues(response, "x-error")).toEqual([expect.stringContaining("the method cannot change from")]);
        });
      }

      test(`${mode}: a 304 made a 200 has nobody wait for the body it tells of`, async () => {
        rig.upstream.answer("/revived", () => ({ status: 304, headers: [["content-length", "9"]] }));
        const { text } = await sendRaw(rig.ports[mode], [get("/revived"), 100, get("/after")]);
        expect(text).toMatch(wholeResponses(200, 200));
        expect(text).toContain("content-length: 0\r\n");
      });

      test(`${mode}: framing a function sets has nobody wait for a body`, async () => {
        rig.upstream.answer("/framed", () => ({}));
        const response = await request(rig.ports[mode], { path: "/framed" });
        const received = rig.upstream.requests.at(-1);
        expect([
          response.status,
          headerValues(received?.headers ?? [], "transfer-encoding"),
          headerValues(received?.headers ?? [], "content-length"),
          clientValues(response, "content-length"),
        ]).toEqual([200, [], [], ["0"]]);
      });
    }
  },
);

function get(target: string): string {
  return `GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`;
}

/** Two responses, the first without a body, so that the second begins where it ends. */
function wholeResponses(first: number, second: number): RegExp {
  return new RegExp(`^HTTP/1\\.1 ${first} [^\\r]*\\r\\n(?:[^\\r]+\\r\\n)*\\r\\nHTTP/1\\.1 ${second} `);
}
