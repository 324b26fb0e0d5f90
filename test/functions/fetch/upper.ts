/** Answers while the request still comes. */
export default function upper(request: Request): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase())),
  });
  void request.body?.pipeTo(writable);
  return new Response(readable);
}
