/** Bodies with a content coding: functions see them decoded, receivers get them encoded as they came. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { type ClientRequest, request } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import { headerValues } from "../support/http1.ts";
import { memory, restartPeak } from "../support/memory.ts";
import { bodyModes, describeWithEnvoys, listenersByMode } from "../support/rig.ts";

const MiB = 1_048_576;
const codings = {
  gzip: gzipSync,
  deflate: deflateSync,
  "deflate, raw": deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  "gzip, br": (bytes: Uint8Array) => brotliCompressSync(gzipSync(bytes)),
} as const;

/** As streams they differ by coder, not by name: one of each kind. */
const streamedCodings = ["gzip", "zstd", "gzip, br"];

/** Decoders that are not ours: Python's, Node's, and for zstd the runtime's own. */
const decoders: Readonly<Record<string, (bytes: Uint8Array) => Promise<string>>> = {
  gzip: (bytes) => pipeThrough(["python3", "-c", python("gzip.decompress(data)")], bytes),
  deflate: (bytes) => pipeThrough(["python3", "-c", python("zlib.decompress(data)")], bytes),
  br: (bytes) => pipeThrough(["node", "-e", node("zlib.brotliDecompressSync(data)")], bytes),
  zstd: (bytes) => Promise.resolve(Buffer.from(Bun.zstdDecompressSync(bytes)).toString()),
  "gzip, br": (bytes) => pipeThrough(["node", "-e", node("zlib.gunzipSync(zlib.brotliDecompressSync(data))")], bytes),
};

const text = "text that repeats, and repeats. ".repeat(5000);
const bomb = gzipSync(Buffer.alloc(200 * MiB));

describeWithEnvoys(
  "content codings",
  { processor: { function: { file: join(import.meta.dir, "functions", "streaming.ts") } }, listeners: listenersByMode },
  (rig) => {
    for (const mode of bodyModes) {
      for (const [path, how] of [
        ["/coded", "read whole"],
        ["/coded-stream", "read as a stream"],
      ] as const) {
        for (const [coding, encode] of Object.entries(codings)) {
          if (path === "/coded-stream" && !streamedCodings.includes(coding)) continue;
          test(`${mode}: ${coding}, ${how}, is decoded for the function and encoded again`, async () => {
            const name = coding.replace(", raw", "");
            rig.upstream.answer(path, () => ({
              headers: [["content-encoding", name]],
              body: encode(Buffer.from(text)),
            }));
            const response = await request(rig.ports[mode], encoded(path, name, encode(Buffer.from(text))));
            const received = rig.upstream.requests.at(-1);
            const decode = decoders[name];
            if (decode === undefined) throw new Error(`no decoder for ${name}`);
            const found = await Promise.all(
              [received?.body, response.body].map((body) => decode(body ?? Buffer.alloc(0))),
            );
            const upper = text.toUpperCase();
            expect([
              response.status,
              headerValues(received?.headers ?? [], "content-encoding"),
              clientValues(response, "content-encoding"),
              found.map((one) => one === upper),
            ]).toEqual([200, [name], [name], [true, true]]);
          });
        }

        test(`${mode}: a gzip body cut short, ${how}, is a failure`, async () => {
          const cut = gzipSync(crypto.getRandomValues(new Uint8Array(20_000))).subarray(0, 12_000);
          expect((await request(rig.ports[mode], encoded(path, "gzip", cut))).status).toBe(500);
        });

        test(`${mode}: an empty body that names a coding, ${how}, passes`, async () => {
          rig.upstream.answer(path, (found) => ({ body: String(found.body.length) }));
          const response = await request(rig.ports[mode], {
            ...encoded(path, "gzip", new Uint8Array(0)),
            chunked: true,
          });
          expect(response.status).toBe(200);
        });

        test(`${mode}: 200 KB that decode to 200 MiB, ${how}, follow onError within bounded memory`, async () => {
          await restartPeak(rig.processor.pid);
          const before = await memory(rig.processor.pid, "VmRSS");
          const response = await request(rig.ports[mode], encoded(path, "gzip", bomb));
          const growth = (await memory(rig.processor.pid, "VmHWM")) - before;
          expect([response.status, growth < 48 * MiB]).toEqual([500, true]);
        });
      }
    }
  },
);

function encoded(path: string, coding: string, body: Uint8Array): ClientRequest {
  return { method: "POST", path, headers: [["content-encoding", coding]], body };
}

function python(expression: string): string {
  return `import gzip, sys, zlib; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(${expression})`;
}

function node(expression: string): string {
  return `const zlib = require("zlib"); const data = require("fs").readFileSync(0); process.stdout.write(${expression})`;
}

async function pipeThrough(command: string[], bytes: Uint8Array): Promise<string> {
  const child = Bun.spawn(command, { stdin: bytes, stdout: "pipe", stderr: "ignore" });
  return await new Response(child.stdout).text();
}
