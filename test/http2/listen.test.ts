import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Http2Server, ListenAddress } from "../../src/http2/contract.ts";
import { openHttp2Server } from "../../src/http2/server.ts";
import { type Certificate, readCertificate } from "./certificates.ts";
import { headers, RawClient } from "./raw-client.ts";
import { type Accepted, OK, TestServer } from "./test-server.ts";

const BODY = Buffer.alloc(20_000, "x");

function answer({ stream }: Accepted): void {
  stream.sendHeaders(OK, false);
  stream.sendData(BODY, true);
}

async function expectServed(client: RawClient): Promise<void> {
  client.send(headers(1, true), headers(3, true));
  await client.until(() => client.frames.filter(({ flags }) => flags === 1).length === 2);
  expect([client.body(1).equals(BODY), client.body(3).equals(BODY)]).toEqual([true, true]);
}

describe("TCP", () => {
  test("port 0 becomes the port really bound", async () => {
    await using server = await TestServer.start();
    const { address } = server.server;
    expect(address.kind === "tcp" && address.port > 0).toBe(true);
  });

  test("a port in use is refused", async () => {
    await using server = await TestServer.start();
    const outcome = TestServer.start({ address: server.server.address }).catch((error: unknown) => error);
    expect(await outcome).toMatchObject({ code: "EADDRINUSE" });
  });

  test("several listeners share a port that allows it", async () => {
    await using first = await TestServer.start({ reusePort: true }, answer);
    await using second = await TestServer.start({ reusePort: true, address: first.server.address }, answer);
    const clients = await Promise.all(Array.from({ length: 20 }, () => first.client()));
    await Promise.all(clients.map(expectServed));
    expect(first.streams.length + second.streams.length).toBe(40);
  });
});

describe("a unix socket", () => {
  const folder = mkdtempSync(join(tmpdir(), "http2-unix-"));
  const address: ListenAddress = { kind: "unix", path: join(folder, "a.sock"), mode: 0o640 };
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is served with its mode, and its file is gone afterwards", async () => {
    {
      await using server = await TestServer.start({ address }, answer);
      expect(server.server.address).toEqual(address);
      expect(statSync(address.path).mode & 0o777).toBe(0o640);
      await expectServed(await server.client());
    }
    expect(existsSync(address.path)).toBe(false);
  });

  test("that is in use is refused, and goes on", async () => {
    await using server = await TestServer.start({ address }, answer);
    const outcome = TestServer.start({ address }).catch((error: unknown) => error);
    expect(await outcome).toMatchObject({ code: "EADDRINUSE" });
    await expectServed(await server.client());
  });

  test("that a dead server left behind is replaced", async () => {
    const script = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    Bun.spawnSync([process.execPath, "-e", script, address.path], { env: { ...process.env, BUN_BE_BUN: "1" } });
    expect(existsSync(address.path)).toBe(true);
    await using server = await TestServer.start({ address }, answer);
    await expectServed(await server.client());
  });

  test("never replaces a file that is no socket", async () => {
    const path = join(folder, "notes.txt");
    writeFileSync(path, "keep me");
    const outcome = TestServer.start({ address: { kind: "unix", path, mode: 0o600 } }).catch((error: unknown) => error);
    expect(await outcome).toMatchObject({ code: "EEXIST" });
    expect(await Bun.file(path).text()).toBe("keep me");
  });

  test("may be abstract", async () => {
    const path = `@http2-test-${process.pid}`;
    await using server = await TestServer.start({ address: { kind: "unix", path, mode: 0o600 } }, answer);
    const client = await RawClient.open({ unix: `\0${path.slice(1)}` });
    await expectServed(client);
    client.close();
    expect(server.streams.length).toBe(2);
  });
});

describe("TLS", () => {
  let ours: Certificate;
  let client: Certificate;
  let stranger: Certificate;
  beforeAll(async () => {
    [ours, client, stranger] = (await Promise.all(
      (["localhost", "client", "stranger"] as const).map(readCertificate),
    )) as [Certificate, Certificate, Certificate];
  });

  async function connect(server: TestServer, options: Bun.TLSOptions & { ALPNProtocols?: string }): Promise<RawClient> {
    const { address } = server.server;
    if (address.kind !== "tcp") throw new Error("no TCP");
    const tls = { ca: ours.cert, serverName: "localhost", ALPNProtocols: "\x02h2", ...options };
    return RawClient.open({ hostname: "localhost", port: address.port, tls });
  }

  test("serves h2 to who offers it", async () => {
    await using server = await TestServer.start({ tls: ours }, answer);
    const peer = await connect(server, { ALPNProtocols: "\x08http/1.1\x02h2" });
    await expectServed(peer);
    peer.close();
  });

  test("does not serve who offers other protocols only", async () => {
    await using server = await TestServer.start({ tls: ours }, answer);
    const outcome = connect(server, { ALPNProtocols: "\x08http/1.1" }).catch((error: unknown) => error);
    expect(await outcome).toBeInstanceOf(Error);
    expect(server.streams).toEqual([]);
  });

  test("ends a connection whose handshake does not come", async () => {
    await using server = await TestServer.start({ tls: ours, prefaceTimeoutMs: 100 });
    const peer = await server.silentClient();
    await peer.until(() => peer.closed, 1_000);
    expect(server.events).toEqual(["opened", "closed: preface timeout"]);
  });

  test("with a client authority serves only whom it signed", async () => {
    await using server = await TestServer.start({ tls: { ...ours, clientCa: client.cert } }, answer);
    const known = await connect(server, { cert: client.cert, key: client.key });
    await expectServed(known);
    known.close();
    const refused = [connect(server, {}), connect(server, { cert: stranger.cert, key: stranger.key })];
    const outcomes = await Promise.all(refused.map((attempt) => attempt.catch((error: unknown) => error)));
    expect(outcomes.map((outcome) => outcome instanceof Error)).toEqual([true, true]);
    expect(server.streams.length).toBe(2);
  });

  test("refuses unusable texts when it opens", async () => {
    const open: Promise<Http2Server> = openHttp2Server(
      { address: { kind: "tcp", hostname: "127.0.0.1", port: 0 }, tls: { cert: "no", key: "no" } },
      { onStream: () => ({ onData: () => true, onEnd() {}, onReset() {}, onWritable() {} }) },
    );
    expect(await open.catch((error: unknown) => error)).toBeInstanceOf(Error);
  });
});
