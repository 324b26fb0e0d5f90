import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Logger } from "../telemetry/log.ts";
import { type HttpPortOptions, openHttpPort } from "./http-port.ts";
import { StartError } from "./start-error.ts";

const warnings: unknown[] = [];
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (...line: unknown[]) => void warnings.push(line),
  error: () => undefined,
  child: () => log,
  isLevelEnabled: () => true,
};
let stranger: Bun.TCPSocketListener<undefined>;
beforeEach(() => {
  warnings.length = 0;
  stranger = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
});
afterEach(() => stranger.stop(true));

function options(change: {
  port?: number;
  explicit?: boolean;
  enabled?: boolean;
  required?: boolean;
}): HttpPortOptions {
  const { port = 0, explicit = false, enabled = true, required = false } = change;
  return {
    name: "admin",
    setting: "webAdmin.listenAddress",
    listen: { enabled, hostname: "127.0.0.1", port, explicit },
    required,
    log,
    handle: (_request, url) => new Response(url.pathname),
  };
}

test("a free port serves, and is free again after closing", async () => {
  const port = openHttpPort(options({}));
  expect(await (await fetch(`http://${port.address}/x`)).text()).toBe("/x");
  port.close();
  expect(await fetch(`http://${port.address}/x`).catch(() => "closed")).toBe("closed");
});

test("a server that is off does not listen", () => {
  expect(openHttpPort(options({ enabled: false, port: stranger.port })).address).toBeNull();
});

test("a busy default port is left off with a warning", () => {
  expect(openHttpPort(options({ port: stranger.port })).address).toBeNull();
  const message = `the admin port ${stranger.port} is in use by another process: admin is off`;
  expect(warnings).toEqual([[{ port: stranger.port, setting: "webAdmin.listenAddress" }, message]]);
});

test.each([{ explicit: true }, { required: true }])("a busy port that was asked for (%j) ends the start", (asked) => {
  const attempt = () => openHttpPort(options({ ...asked, port: stranger.port }));
  expect(attempt).toThrow(
    new StartError({
      code: "EADDRINUSE",
      setting: "webAdmin.listenAddress",
      message: `the admin port ${stranger.port} is in use by another process`,
    }),
  );
});
