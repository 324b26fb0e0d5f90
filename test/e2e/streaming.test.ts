/** Messages that flow: each event, frame or message has to arrive when it was sent, not when the body ends. */
import { expect, test } from "bun:test";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { openConnection, openHttp2, request } from "../support/client.ts";
import { clientValues, echoed } from "../support/echo.ts";
import type { BodyMode } from "../support/envoy.ts";
import { encodeChunk, encodeHead, encodeLastChunk, headerValues } from "../support/http1.ts";
import { type Rig, type RigListener, describeWithEnvoys } from "../support/rig.ts";

const both = (mode: BodyMode, filter: object = {}): RigListener => ({
  requestBody: mode,
  responseBody: mode,
  filter,
  processingMode: { request_trailer_mode: "SEND", response_trailer_mode: "SEND" },
  connectionManager: {
    http_protocol_options: { enable_trailers: true },
    upgrade_configs: [{ upgrade_type: "websocket" }, { upgrade_type: "CONNECT" }],
  },
  routes: [
    {
      match: { connect_matcher: {} },
      route: { cluster: "connect", upgrade_configs: [{ upgrade_type: "CONNECT", connect_config: {} }] },
    },
  ],
});

const listeners = {
  none: both("NONE"),
  buffered: both("BUFFERED"),
  streamed: both("STREAMED"),
  eager: both("STREAMED", { send_body_without_waiting_for_header_response: true }),
  duplex: both("FULL_DUPLEX_STREAMED"),
} as const;
const flowing = ["streamed", "eager", "duplex"] as const;

/** The routes name their own listener's upstream. */
for (const [name, listener] of Object.entries(listeners)) {
  for (const route of listener.routes ?? []) {
    if ("route" in route && typeof route.route === "object")
      Object.assign(route.route ?? {}, { cluster: `${name}-upstream` });
  }
}

describeWithEnvoys(
  "streaming",
  { processor: { function: { file: join(import.meta.dir, "functions", "streaming.ts") } }, listeners },
  (rig) => {
    for (const mode of ["none", "duplex"] as const) {
      test(`${mode}: events a function produces arrive one by one`, async () => {
        const { status, type, arrivals } = await readEvents(rig.ports[mode], "/events");
        expect([status, type, arrivals.map(({ text }) => text)]).toEqual([
          200,
          "text/event-stream",
          [0, 1, 2, 3, 4].map((index) => `data: event ${index}\n\n`),
        ]);
        expect(gaps(arrivals).every((gap) => gap > 50)).toBe(true);
      });

      test(`${mode}: the function's stream is cancelled when the client leaves`, async () => {
        const before = rig.processor.lines.length;
        const abort = new AbortController();
        const response = await fetch(`http://127.0.0.1:${rig.ports[mode]}/endless-events`, { signal: abort.signal });
        await response.body?.getReader().read();
        abort.abort();
        expect(await lineAfter(rig, before, "the reader of the events left")).toBe(true);
      });
    }

    for (const mode of ["buffered", "streamed"] as const) {
      test(`${mode}: events a function produces arrive together at their end, as Envoy takes no stream here`, async () => {
        const response = await request(rig.ports[mode], { path: "/events" });
        expect([response.status, response.text.split("\n\n").length]).toEqual([200, 6]);
      });
    }

    for (const mode of flowing) {
      test(`${mode}: events of the upstream are rewritten in flight, one by one`, async () => {
        rig.upstream.answer("/rewrite-events", () => ({
          headers: [["content-type", "text/event-stream"]],
          body: upstreamEvents(),
        }));
        const { status, arrivals } = await readEvents(rig.ports[mode], "/rewrite-events");
        expect([status, arrivals.map(({ text }) => text)]).toEqual([
          200,
          [0, 1, 2, 3, 4].map((index) => `DATA: UPSTREAM ${index}\n\n`),
        ]);
        expect(gaps(arrivals).every((gap) => gap > 50)).toBe(true);
      });

      test(`${mode}: a conversation takes turns while both messages are rewritten`, async () => {
        rig.upstream.converse("/rewrite-both", (_head, upstream) => {
          upstream.onBody((bytes) => upstream.write(encodeChunk(Buffer.concat([Buffer.from("heard "), bytes]))));
          upstream.onEnd(() => upstream.write(encodeLastChunk()));
          upstream.write(encodeHead("HTTP/1.1 200 OK", [["transfer-encoding", "chunked"]]));
        });
        const heard: string[] = [];
        const turns = Promise.withResolvers<void>();
        let next = Promise.withResolvers<void>();
        const words = async function* (): AsyncGenerator<Uint8Array> {
          for (const word of ["one", "two", "three"]) {
            next = Promise.withResolvers();
            yield Buffer.from(word);
            await next.promise;
          }
          turns.resolve();
        };
        await using client = await openHttp2(rig.ports[mode]);
        const response = await client.request({
          method: "POST",
          path: "/rewrite-both",
          body: words(),
          onData: (piece) => {
            heard.push(Buffer.from(piece).toString());
            next.resolve();
          },
        });
        await turns.promise;
        expect([response.status, heard]).toEqual([200, ["HEARD ONE", "HEARD TWO", "HEARD THREE"]]);
      });

      test(`${mode}: a response that comes before the request ended reaches the client at once`, async () => {
        rig.upstream.converse("/untouched", (_head, upstream) => {
          upstream.write(encodeHead("HTTP/1.1 200 OK", [["content-length", "5"]]));
          upstream.write("early");
        });
        using connection = await openConnection(rig.ports[mode]);
        connection.write(
          encodeHead("POST /untouched HTTP/1.1", [
            ["host", "test.example"],
            ["content-length", "200000"],
          ]),
        );
        connection.write(Buffer.alloc(1000));
        const response = await connection.response();
        expect([response.status, response.text]).toEqual([200, "early"]);
      });
    }

    for (const mode of ["none", ...flowing] as const) {
      test(`${mode}: a WebSocket upgrade passes and both sides talk`, async () => {
        rig.upstream.converse("/untouched", (_head, upstream) => {
          const upgrade = [
            ["connection", "upgrade"],
            ["upgrade", "websocket"],
          ] as const;
          upstream.write(encodeHead("HTTP/1.1 101 Switching Protocols", upgrade));
          upstream.onTunnel((bytes) => upstream.write(Buffer.concat([Buffer.from("echo "), bytes])));
        });
        using connection = await openConnection(rig.ports[mode]);
        const headers = [
          ["connection", "Upgrade"],
          ["upgrade", "websocket"],
        ] as const;
        connection.send({ path: "/untouched", headers });
        const { status } = await connection.response();
        const heard: string[] = [];
        for (const frame of ["one", "two"]) {
          connection.write(frame);
          heard.push((await connection.tunnel()).toString());
        }
        expect([status, heard]).toEqual([101, ["echo one", "echo two"]]);
      });

      test(`${mode}: a CONNECT tunnel passes`, async () => {
        using connection = await openConnection(rig.ports[mode]);
        connection.send({ method: "CONNECT", path: "test.example:443", headers: [["host", "test.example:443"]] });
        const { status } = await connection.response();
        connection.send({ path: "/through-the-tunnel" });
        const response = await connection.response();
        expect([status, response.status, echoed(response).target]).toEqual([200, 200, "/through-the-tunnel"]);
      });

      test(`${mode}: Expect: 100-continue gets its 100 before the body is sent`, async () => {
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        let continued = false;
        const sent = httpRequest({
          port: rig.ports[mode],
          host: "127.0.0.1",
          method: "POST",
          path: "/expect",
          headers: { expect: "100-continue", "content-length": 4 },
        });
        sent.on("continue", () => {
          continued = true;
          sent.end("body");
        });
        sent.on("response", (response) => {
          let text = "";
          response.on("data", (piece: Buffer) => (text += piece.toString()));
          response.on("end", () => resolve(text));
        });
        sent.on("error", reject);
        sent.flushHeaders();
        const echo = JSON.parse(await promise) as { text: string };
        expect([continued, echo.text]).toEqual([true, "body"]);
      });
    }

    for (const mode of ["none", "buffered", ...flowing] as const) {
      for (const protocol of ["HTTP/1.1", "HTTP/2"] as const) {
        test(`${mode}: trailers are read and changed on both messages, ${protocol}`, async () => {
          rig.upstream.answer("/trailers", () => ({
            body: "answer",
            trailers: [
              ["x-secret", "hidden"],
              ["x-checksum", "original"],
            ],
          }));
          const sent = { method: "POST", path: "/trailers", body: "question", trailers: [["x-sent", "once"]] } as const;
          await using client = await openHttp2(rig.ports[mode]);
          const response = protocol === "HTTP/2" ? await client.request(sent) : await request(rig.ports[mode], sent);
          const received = rig.upstream.requests.at(-1);
          expect([response.status, response.text, received?.body.toString()]).toEqual([200, "answer", "question"]);
          expect(received?.trailers).toEqual([
            ["x-sent", "once"],
            ["x-seen", "once"],
            ["x-sent", "twice"],
          ]);
          expect(response.trailers).toEqual([["x-checksum", "changed"]]);
        });
      }

      for (const [method, status] of [
        ["HEAD", 200],
        ["GET", 204],
        ["GET", 304],
      ] as const) {
        test(`${mode}: a body assigned to the answer of ${method} with ${status} is not sent`, async () => {
          rig.upstream.answer("/assign", () => ({ status }));
          using connection = await openConnection(rig.ports[mode]);
          connection.send({ method, path: "/assign" });
          const first = await connection.response();
          connection.send({ path: "/after" });
          const second = await connection.response();
          expect([
            first.status,
            first.body.length,
            clientValues(first, "x-function"),
            echoed(second).target,
            headerValues(rig.upstream.requests.at(-2)?.headers ?? [], "x-function"),
          ]).toEqual([status, 0, ["yes"], "/after", ["yes"]]);
        });
      }
    }
  },
);

interface EventArrival {
  readonly text: string;
  readonly at: number;
}

/** Reads a streamed answer with a client of the platform, noting when each piece came. */
async function readEvents(
  port: number,
  path: string,
): Promise<{ status: number; type: string | null; arrivals: readonly EventArrival[] }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const arrivals: EventArrival[] = [];
  for await (const piece of response.body ?? []) {
    arrivals.push({ text: Buffer.from(piece).toString(), at: performance.now() });
  }
  return { status: response.status, type: response.headers.get("content-type"), arrivals };
}

function gaps(arrivals: readonly EventArrival[]): number[] {
  return arrivals.slice(1).map(({ at }, index) => at - (arrivals[index]?.at ?? 0));
}

async function* upstreamEvents(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < 5; index++) {
    yield Buffer.from(`data: upstream ${index}\n\n`);
    await Bun.sleep(100);
  }
}

async function lineAfter<Name extends string>(rig: Rig<Name>, from: number, text: string): Promise<boolean> {
  for (let round = 0; round < 100; round++) {
    if (rig.processor.lines.slice(from).some((line) => line.includes(text))) return true;
    await Bun.sleep(30);
  }
  return false;
}
