/** Content codings against the command-line tools everybody has: each reads what the other wrote. */
import { decodeBody } from "../../src/compression/decode-body.ts";
import { decodeStream } from "../../src/compression/decode-stream.ts";
import { encodeBody } from "../../src/compression/encode-body.ts";
import { encodeStream } from "../../src/compression/encode-stream.ts";
import { Checks } from "./checks.ts";

const tools = {
  gzip: {
    encode: [
      ["gzip", "-1c"],
      ["gzip", "-9c"],
    ],
    decode: ["gzip", "-dc"],
  },
  br: {
    encode: [
      ["brotli", "-q", "1", "-c"],
      ["brotli", "-q", "11", "-w", "24", "-c"],
    ],
    decode: ["brotli", "-dc"],
  },
  zstd: {
    encode: [
      ["zstd", "-q", "-1", "-c"],
      ["zstd", "-q", "-19", "-c"],
      ["zstd", "-q", "--no-check", "-c"],
    ],
    decode: ["zstd", "-q", "-dc"],
  },
} as const;
const limits = { maxBytes: 64 * 1024 * 1024, maxExpansionRatio: 100_000 };
const checks = new Checks();

for (const [coding, { encode, decode }] of Object.entries(tools)) {
  for (const size of [1, 1000, 65_536, 1_048_576, 8 * 1024 * 1024]) {
    const body = sampleBody(size);
    for (const command of encode) {
      const coded = await pipe(command, body);
      const whole = await decodeBody(coded, [coding], limits);
      const streamed = await collect(decodeStream(chunked(coded), [coding], limits));
      const intact = "body" in whole && body.equals(whole.body) && body.equals(streamed);
      checks.equal(`${size} bytes of "${command.join(" ")}" are read`, intact, true);
      const cut = await decodeBody(coded.subarray(0, -1), [coding], limits);
      checks.equal(`  less their last byte they are refused`, "failure" in cut && cut.failure, "truncated");
    }
    const written = [
      await encodeBody(body, [coding]),
      await collect(encodeStream(chunked(body), [coding])),
      await collect(encodeStream(chunked(body), [coding], { flush: "each-chunk" })),
    ];
    const read = await Promise.all(written.map((coded) => pipe(decode, coded)));
    checks.equal(
      `"${decode.join(" ")}" reads ${size} bytes, whole, streamed and flushed`,
      read.every((bytes) => body.equals(bytes)),
      true,
    );
  }
}
checks.finish();

async function pipe(command: readonly string[], input: Uint8Array): Promise<Buffer> {
  const child = Bun.spawn([...command], {
    stdin: new Blob([Uint8Array.from(input)]),
    stdout: "pipe",
    stderr: "inherit",
  });
  const [output, code] = await Promise.all([child.stdout.bytes(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}`);
  return Buffer.from(output);
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function chunked(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + 16_384));
      at += 16_384;
    },
  });
}

/** Half text, half noise. */
function sampleBody(bytes: number): Buffer {
  const body = Buffer.alloc(bytes, "lorem ipsum dolor sit amet, ");
  let state = 7;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    if (Math.floor(at / 1000) % 2 === 1) body[at] = state >>> 24;
  }
  return body;
}
