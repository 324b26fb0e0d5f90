/** Clients and upstreams that leave in the middle: the exchange ends, nothing stays behind, the next one works. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type ClientConnection, openConnection, request } from "../support/client.ts";
import { echoed } from "../support/echo.ts";
import type { BodyMode } from "../support/envoy.ts";
import { encodeChunk, encodeHead, encodeLastChunk } from "../support/http1.ts";
import { type Rig, type RigListener, describeWithEnvoys } from "../support/rig.ts";

const both = (mode: BodyMode, filter: object = {}): RigListener => ({
  requestBody: mode,
  responseBody: mode,
  filter,
  processingMode: { request_trailer_mode: "SEND", response_trailer_mode: "SEND" },
  // By default a cut response reaches its client only a second later.
  connectionManager: { delayed_close_timeout: "0.05s" },
});
const listeners = {
  none: both("NONE"),
  buffered: both("BUFFERED"),
  partial: both("BUFFERED_PARTIAL"),
  streamed: both("STREAMED"),
  eager: both("STREAMED", { send_body_without_waiting_for_header_response: true }),
  duplex: both("FULL_DUPLEX_STREAMED"),
} as const;
type Mode = keyof typeof listeners;

/** How far the client goes before it leaves. */
const phases: Readonly<Record<string, (connection: ClientConnection) => unknown>> = {
  "while the function holds the request": (connection) => connection.send({ path: "/slow" }),
  "in its request body, which passes": (connection) => sendPart(connection, "/untouched"),
  "in its request body, which the function awaits": (connection) => sendPart(connection, "/read"),
  "in its request body, which is rewritten": (connection) => sendPart(connection, "/rewrite-both"),
  "while the upstream works": (connection) => connection.send({ path: "/rewrite-both?silent" }),
  "in a response that passes": (connection) => connection.send({ path: "/untouched?part" }),
  "in a response the function awaits": (connection) => connection.send({ path: "/read-response?part" }),
  "in a response that is rewritten": (connection) => connection.send({ path: "/rewrite-both?part" }),
};

describeWithEnvoys(
  "leaving",
  { processor: { function: { file: join(import.meta.dir, "functions", "streaming.ts") } }, listeners },
  (rig) => {
    const answerByQuery = (path: string): void =>
      rig.upstream.converse(path, ({ startLine }, upstream) => {
        if (startLine.includes("silent")) return;
        const head = encodeHead("HTTP/1.1 200 OK", [["transfer-encoding", "chunked"]]);
        upstream.write(Buffer.concat([head, encodeChunk(Buffer.alloc(10_000))]));
        if (startLine.includes("cut")) setTimeout(() => upstream.close(), 30);
        else if (!startLine.includes("part")) upstream.write(encodeLastChunk());
      });

    for (const mode of Object.keys(listeners) as Mode[]) {
      for (const [phase, go] of Object.entries(phases)) {
        test(`${mode}: a client that leaves ${phase}`, async () => {
          for (const path of ["/untouched", "/rewrite-both", "/read-response"]) answerByQuery(path);
          const connection = await openConnection(rig.ports[mode]);
          go(connection);
          connection.response().catch(() => {}); // it is not waited for
          await Bun.sleep(60);
          connection.close();
          expect(await inFlight(rig)).toBe(0);
          expect(echoed(await request(rig.ports[mode], { path: "/after" })).target).toBe("/after");
        });
      }

      for (const path of ["/untouched", "/rewrite-both", "/read-response"]) {
        test(`${mode}: an upstream that leaves in its response, ${path}`, async () => {
          answerByQuery(path);
          using connection = await openConnection(rig.ports[mode]);
          connection.send({ path: `${path}?cut` });
          const seen = await connection.response().then(
            ({ status }) => `answered ${status}`,
            () => "cut",
          );
          // Where Envoy had not sent the headers on it answers itself.
          expect(["cut", "answered 502", "answered 503", "answered 500"]).toContain(seen);
          expect(await inFlight(rig)).toBe(0);
          expect(echoed(await request(rig.ports[mode], { path: "/after" })).target).toBe("/after");
        });
      }
    }
  },
);

function sendPart(connection: ClientConnection, path: string): void {
  const headers = [
    ["host", "test.example"],
    ["content-length", "100000"],
  ] as const;
  connection.write(Buffer.concat([encodeHead(`POST ${path} HTTP/1.1`, headers), Buffer.alloc(20_000)]));
}

/** Exchanges the processor still holds, once it had two seconds to let go. */
async function inFlight<Name extends string>(rig: Rig<Name>): Promise<number> {
  let count = await rig.processor.metric("processor_exchanges_in_flight");
  for (let round = 0; round < 100 && count > 0; round++) {
    await Bun.sleep(20);
    count = await rig.processor.metric("processor_exchanges_in_flight");
  }
  return count;
}
