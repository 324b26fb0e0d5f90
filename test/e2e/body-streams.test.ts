/** Streams of bodies that functions look at, leave unread, replace or read too late: nothing waits for them in vain. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { request } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import { bothWays, describeWithEnvoys } from "../support/rig.ts";

const listeners = {
  none: bothWays("NONE"),
  buffered: bothWays("BUFFERED"),
  partial: bothWays("BUFFERED_PARTIAL"),
  streamed: bothWays("STREAMED"),
  eager: bothWays("STREAMED", { filter: { send_body_without_waiting_for_header_response: true } }),
  duplex: bothWays("FULL_DUPLEX_STREAMED"),
} as const;
const modes = ["none", "buffered", "partial", "streamed", "eager", "duplex"] as const;

/** Longer than anything that is kept for a reader, and hardly shorter when it is coded. */
const sent = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)))
  .toString("hex")
  .repeat(3);
const answered = `answer: ${sent}`;

describeWithEnvoys(
  "streams of bodies",
  { processor: { function: { file: join(import.meta.dir, "functions", "body-streams.ts") } }, listeners },
  (rig) => {
    for (const mode of modes) {
      async function exchange(path: string, body: string | Uint8Array = sent, answer: string | Uint8Array = answered) {
        const headers: [string, string][] = typeof body === "string" ? [] : [["content-encoding", "gzip"]];
        rig.upstream.answer(path, () => ({ headers, body: answer }));
        const response = await request(rig.ports[mode], { method: "POST", path, headers, body });
        const upstreamGot = rig.upstream.requests.at(-1)?.body ?? Buffer.alloc(0);
        return { response, upstreamGot };
      }

      test(`${mode}: a body that is only looked at goes on`, async () => {
        const { response, upstreamGot } = await exchange("/looked-at");
        expect([response.status, clientValues(response, "x-has-body")]).toEqual([200, ["true"]]);
        expect([upstreamGot.toString() === sent, response.text === answered]).toEqual([true, true]);
      });

      test(`${mode}: so does one with a coding`, async () => {
        const { response, upstreamGot } = await exchange("/looked-at", gzipSync(sent), gzipSync(answered));
        expect([response.status, clientValues(response, "x-has-body")]).toEqual([200, ["true"]]);
        expect(gunzipSync(upstreamGot).toString() === sent).toBe(true);
        expect(gunzipSync(response.body).toString() === answered).toBe(true);
      });

      test(`${mode}: a generator makes a body of the original`, async () => {
        const { response, upstreamGot } = await exchange("/generated");
        expect(response.status).toBe(200);
        expect(upstreamGot.toString() === sent.toUpperCase()).toBe(true);
        expect(response.text === answered.toUpperCase()).toBe(true);
      });

      test.each(["/made", "/made-twice"])(`${mode}: a body takes the place of one nobody reads: %s`, async (path) => {
        const { response, upstreamGot } = await exchange(path);
        expect([response.status, upstreamGot.toString(), response.text]).toEqual([200, "made of text", "made of text"]);
      });

      test(`${mode}: reading what was replaced ends`, async () => {
        const { response, upstreamGot } = await exchange("/replaced-then-read");
        expect([response.status, upstreamGot.toString(), response.text]).toEqual([200, "another", "another answer"]);
      });

      test(`${mode}: reading too late says so`, async () => {
        const { response, upstreamGot } = await exchange("/read-late");
        expect([response.status, clientValues(response, "x-late")]).toEqual([200, ["REQUEST_SENT"]]);
        expect([upstreamGot.toString() === sent, response.text === answered]).toEqual([true, true]);
      });

      test(`${mode}: a body read whole after a new one was made of it is there for both`, async () => {
        const { response, upstreamGot } = await exchange("/assigned-then-read");
        expect([response.status, clientValues(response, "x-length")]).toEqual([200, [String(sent.length)]]);
        expect([upstreamGot.toString() === sent.toUpperCase(), response.text === answered]).toEqual([true, true]);
      });
    }
  },
);
