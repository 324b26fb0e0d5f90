/** Holds requests whose bodies functions stream to their limit. */
import { announcedLength } from "./read-body.ts";

export interface LimitedRequest {
  readonly request: Request;
  /** Whether more came than allowed; the function then saw its read fail. Absent: the announced length is within. */
  readonly exceeded?: () => boolean;
}

/** Bodies of announced length pass as they are; others are counted. */
export function limitBody(request: Request, maxBytes: number): LimitedRequest | "too-large" {
  const announced = announcedLength(request);
  if (announced !== null) return announced > maxBytes ? "too-large" : { request };
  return request.body === null ? { request } : countBody(request, request.body, maxBytes);
}

function countBody(request: Request, body: ReadableStream<Uint8Array>, maxBytes: number): LimitedRequest {
  let length = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        length += chunk.byteLength;
        if (length > maxBytes) throw new RangeError(`the body is longer than ${maxBytes} bytes (maxRequestBodySize)`);
        controller.enqueue(chunk);
      },
    }),
  );
  const { method, headers, signal } = request;
  return {
    request: new Request(request.url, { method, headers, signal, body: counted }),
    exceeded: () => length > maxBytes,
  };
}
