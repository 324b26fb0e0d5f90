/** The bytes of a request, made once and sent over and over. */

/** GET without a body; with one, POST of JSON. */
export function encodeRequest(jsonBody?: string): Uint8Array {
  const common = "host: bench\r\nuser-agent: bench\r\n";
  if (jsonBody === undefined) return Buffer.from(`GET / HTTP/1.1\r\n${common}\r\n`, "latin1");
  const body = Buffer.from(jsonBody);
  const head = `POST / HTTP/1.1\r\n${common}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}
