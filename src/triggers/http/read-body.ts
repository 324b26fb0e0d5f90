/** The body of a request, whole and within its limits. */

export type ReadBody =
  { readonly kind: "whole"; readonly bytes: Uint8Array } | { readonly kind: "too-large" | "timed-out" | "gone" };

const EMPTY: ReadBody = { kind: "whole", bytes: new Uint8Array(0) };

/** Bytes of the body as the request announces them; null when it does not. */
export function announcedLength(request: Request): number | null {
  const written = request.headers.get("content-length");
  return written === null ? null : Number(written);
}

/** @param timeoutMs 0: none. */
export function readBody(request: Request, maxBytes: number, timeoutMs: number): ReadBody | Promise<ReadBody> {
  const announced = announcedLength(request);
  if (announced !== null && announced > maxBytes) return { kind: "too-large" };
  if (announced === 0 || request.body === null) return EMPTY;
  const reading = announced === null ? collect(request.body, maxBytes) : readAnnounced(request);
  return timeoutMs === 0 ? reading : within(reading, timeoutMs);
}

async function readAnnounced(request: Request): Promise<ReadBody> {
  try {
    return { kind: "whole", bytes: await request.bytes() };
  } catch {
    // The only way it fails: the connection ended.
    return { kind: "gone" };
  }
}

async function collect(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.byteLength;
      if (length > maxBytes) return { kind: "too-large" };
      chunks.push(chunk);
    }
  } catch {
    return { kind: "gone" };
  }
  return { kind: "whole", bytes: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks) };
}

function within(reading: Promise<ReadBody>, timeoutMs: number): Promise<ReadBody> {
  const { promise, resolve } = Promise.withResolvers<ReadBody>();
  const timer = setTimeout(() => resolve({ kind: "timed-out" }), timeoutMs);
  void reading.then((result) => {
    clearTimeout(timer);
    resolve(result);
  });
  return promise;
}
