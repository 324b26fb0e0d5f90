/** HTTPS of the http trigger, in the executable. */
import { expect, test } from "bun:test";
import { connect } from "node:http2";
import { readCertificate } from "../http2/certificates.ts";
import { startProcessor } from "../support/processor.ts";

const source = "export default (request) => new Response(new URL(request.url).protocol);";
const { cert: ca, certFile, keyFile } = await readCertificate("localhost");
const own = { cert: certFile, key: keyFile };

test("HTTP/1.1 and HTTP/2 are chosen by ALPN", async () => {
  await using processor = await startProcessor({
    kind: "http",
    function: { source },
    triggers: { api: { tls: own } },
  });
  const url = `https://localhost:${processor.port}/`;
  expect(await (await fetch(url, { tls: { ca } })).text()).toBe("https:");
  const session = connect(url, { ca });
  const ended = Promise.withResolvers<string>();
  const request = session.request({ ":path": "/" });
  let text = "";
  request.on("data", (bytes) => (text += String(bytes)));
  request.on("end", () => ended.resolve(text));
  request.on("error", ended.reject);
  expect(await ended.promise).toBe("https:");
  session.close();
});

test("with clientCa only clients with a certificate of it are served", async () => {
  await using processor = await startProcessor({
    kind: "http",
    function: { source },
    triggers: { api: { tls: { ...own, clientCa: (await readCertificate("client")).certFile } } },
  });
  const ask = async (name: "client" | "stranger" | null): Promise<string> => {
    const own = name === null ? null : await readCertificate(name);
    const client = own === null ? {} : { cert: own.cert, key: own.key };
    const request = fetch(`https://localhost:${processor.port}/`, { tls: { ca, ...client }, keepalive: false });
    return request.then((response) => response.text()).catch(() => "refused");
  };
  expect([await ask("client"), await ask(null), await ask("stranger")]).toEqual(["https:", "refused", "refused"]);
});
