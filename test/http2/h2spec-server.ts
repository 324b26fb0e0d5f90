/**
 * A small HTTP/2 service for conformance and abuse runs: answers every request, once it has ended, with 2,000 bytes of
 * DATA and trailers. `bun test/http2/h2spec-server.ts PORT [CERT_FILE KEY_FILE]`
 */
import { openHttp2Server } from "../../src/http2/server.ts";

const HEADERS = [":status", "200", "content-type", "text/plain"];
const TRAILERS = ["x-served", "yes"];
const BODY = Buffer.alloc(2_000, "conformance ");

const [port = "0", certFile, keyFile] = process.argv.slice(2);
const tls =
  certFile === undefined || keyFile === undefined
    ? undefined
    : { cert: await Bun.file(certFile).text(), key: await Bun.file(keyFile).text() };

const server = await openHttp2Server(
  { address: { kind: "tcp", hostname: "127.0.0.1", port: Number(port) }, tls },
  {
    onStream(stream, _fields, endStream) {
      const answer = () => {
        stream.sendHeaders(HEADERS, false);
        stream.sendData(BODY, false);
        stream.sendTrailers(TRAILERS);
      };
      if (endStream) answer();
      return {
        onData(_bytes, start, end) {
          stream.consume(end - start);
          return true;
        },
        onEnd: answer,
        onReset() {},
        onWritable() {},
      };
    },
  },
);
const { address } = server;
console.log(`listening on ${address.kind === "tcp" ? `${address.hostname}:${address.port}` : address.path}`);
