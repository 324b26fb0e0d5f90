/** Large bodies through FULL_DUPLEX_STREAMED: what the processor keeps of them does not grow with their length. */
import { expect, test } from "bun:test";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { type ClientRequest, request } from "../support/client.ts";
import { memory, restartPeak } from "../support/memory.ts";
import { describeWithEnvoys } from "../support/rig.ts";

const MiB = 1_048_576;
const inFlight = 8;
/** Pieces under way, and what the collector has not taken back of those before them. */
const allowedBytes = 48 * MiB;
/** Half noise, half repetition: what gzip meets in practice. */
const plain = Buffer.concat(
  Array.from({ length: 8 }, () =>
    Buffer.concat([randomFillSync(Buffer.alloc(MiB / 2)), Buffer.alloc(MiB / 2, "text ")]),
  ),
);
const digest = (bytes: Uint8Array): string => `${bytes.length} ${Bun.hash(bytes)}`;

describeWithEnvoys(
  "memory",
  {
    processor: { function: { file: join(import.meta.dir, "functions", "flowing.ts") } },
    listeners: {
      duplex: {
        requestBody: "FULL_DUPLEX_STREAMED",
        responseBody: "FULL_DUPLEX_STREAMED",
        processingMode: { request_trailer_mode: "SEND", response_trailer_mode: "SEND" },
      },
    },
  },
  (rig) => {
    const carry = async (sent: ClientRequest): Promise<string[]> => {
      const responses = await Promise.all(
        Array.from({ length: inFlight }, () => request(rig.ports.duplex, { ...sent, timeoutMs: 30_000 })),
      );
      rig.upstream.requests.length = 0;
      return responses.map(({ status, headers, body }) => {
        const coded = headers.some(([name]) => name === "content-encoding");
        return `${status} ${digest(coded ? gunzipSync(body) : body)}`;
      });
    };

    for (const [path, how, body, headers] of [
      ["/pass", "pass-through", plain, []],
      ["/transform", "a gzip decode and encode transform", gzipSync(plain), [["content-encoding", "gzip"]]],
    ] as const) {
      test(`${inFlight} bodies of 8 MiB at a time through ${how} arrive whole and are not all kept`, async () => {
        rig.upstream.answer(path, (found) => ({ headers: [...headers], body: found.body }));
        const sent = { method: "POST", path, headers, chunked: true };
        await carry({ ...sent, body }); // the heap takes its working size
        await restartPeak(rig.processor.pid);
        const before = await memory(rig.processor.pid, "VmRSS");
        const found = await carry({ ...sent, body });
        const growth = (await memory(rig.processor.pid, "VmHWM")) - before;
        console.log(`Envoy ${rig.version}, ${how}: ${(growth / MiB).toFixed(1)} MiB`);
        expect([new Set(found), growth < allowedBytes]).toEqual([new Set([`200 ${digest(plain)}`]), true]);
      }, 60_000);
    }
  },
);
