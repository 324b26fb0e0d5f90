/**
 * The fields that describe a body: what a function says of them cuts, doubles and garbles nothing, and what it reads is
 * described by what arrived.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { request } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import type { BodyMode } from "../support/envoy.ts";
import { headerValues } from "../support/http1.ts";
import { type RigListener, describeWithEnvoys } from "../support/rig.ts";

const both = (mode: BodyMode): RigListener => ({
  requestBody: mode,
  responseBody: mode,
  processingMode: { request_trailer_mode: "SEND", response_trailer_mode: "SEND" },
});
const listeners = {
  none: both("NONE"),
  buffered: both("BUFFERED"),
  partial: both("BUFFERED_PARTIAL"),
  streamed: both("STREAMED"),
  duplex: both("FULL_DUPLEX_STREAMED"),
} as const;
const modes = ["none", "buffered", "partial", "streamed", "duplex"] as const;

describeWithEnvoys(
  "fields of bodies",
  { processor: { function: { file: join(import.meta.dir, "functions", "body-fields.ts") } }, listeners },
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
    }
  },
);
