import { expect, test } from "bun:test";
import * as v from "valibot";
import { type ExtprocAttributes, extprocAttributes } from "./attributes.ts";

const defaults: ExtprocAttributes = {
  type: null,
  contract: null,
  listen: { kind: "tcp", hostname: "0.0.0.0", port: 5051 },
  tls: null,
  onError: null,
  timeoutMs: null,
  extendTimeoutMs: null,
  drainDelayMs: 0,
  gracefulShutdownTimeoutMs: 15_000,
  withoutRequest: "skip",
  allowRouting: false,
  allowEnvoyHeaders: false,
  clearRouteCache: "auto",
  maxBodyBytes: 4_194_304,
  maxExpansionRatio: 100,
  maxMessageBytes: 16_777_216,
  maxConcurrentStreams: 1024,
  maxHeaderCount: 100,
  maxHeaderBytes: 61_440,
  maxPending: 1000,
  streamedResponses: true,
  processing: {
    logStream: false,
    logPhases: false,
    requestIdHeaderName: "x-request-id",
    requestIdFallback: "",
    bufferStreamedBodies: true,
    decompressBodies: true,
    recompressBodies: true,
    updateExtProcHeader: false,
    updateDurationHeader: false,
  },
};

test("without attributes every option has its default", () => {
  expect(v.parse(extprocAttributes, {})).toEqual(defaults);
});

test("what is written arrives in ms, bytes and lower-case header names", () => {
  const written = {
    type: "wrapprocessor",
    host: "127.0.0.1",
    port: 6000,
    contract: "nuclio",
    onError: 503,
    timeout: "4s",
    extendTimeout: "1m",
    drainDelay: "1s",
    gracefulShutdownTimeout: 30,
    withoutRequest: "run",
    allowRouting: true,
    allowEnvoyHeaders: true,
    clearRouteCache: "never",
    maxExpansionRatio: 10,
    maxMessageBytes: 1_048_576,
    maxConcurrentStreams: 10,
    maxHeaderCount: 200,
    maxHeaderBytes: 2048,
    maxPending: 5,
    streamedResponses: false,
    tls: { cert: "/c.pem", key: "/k.pem" },
    processingOptions: { requestIdHeaderName: "X-Trace-Id", perRequestBodyBufferBytes: 102_400, logStream: true },
  };
  expect(v.parse(extprocAttributes, written)).toEqual({
    type: "wrapprocessor",
    contract: "nuclio",
    listen: { kind: "tcp", hostname: "127.0.0.1", port: 6000 },
    tls: { certFile: "/c.pem", keyFile: "/k.pem", clientCaFile: null },
    onError: 503,
    timeoutMs: 4000,
    extendTimeoutMs: 60_000,
    drainDelayMs: 1000,
    gracefulShutdownTimeoutMs: 30_000,
    withoutRequest: "run",
    allowRouting: true,
    allowEnvoyHeaders: true,
    clearRouteCache: "never",
    maxBodyBytes: 102_400,
    maxExpansionRatio: 10,
    maxMessageBytes: 1_048_576,
    maxConcurrentStreams: 10,
    maxHeaderCount: 200,
    maxHeaderBytes: 2048,
    maxPending: 5,
    streamedResponses: false,
    processing: { ...defaults.processing, logStream: true, requestIdHeaderName: "x-trace-id" },
  });
});

test("a socket replaces host and port, its mode is octal", () => {
  const { listen } = v.parse(extprocAttributes, { port: 1, socket: { path: "/run/gate.sock", mode: "0600" } });
  expect(listen).toEqual({ kind: "unix", path: "/run/gate.sock", mode: 0o600 });
});

test("the body limit directly under attributes wins, 0 is the default", () => {
  const limit = (own: number, reference: number) =>
    v.parse(extprocAttributes, {
      perRequestBodyBufferBytes: own,
      processingOptions: { perRequestBodyBufferBytes: reference },
    }).maxBodyBytes;
  expect([limit(1, 2), limit(0, 2), limit(0, 0)]).toEqual([1, 2, 4_194_304]);
});

test("the shutdown timeout is seconds or a duration, 0 is the default", () => {
  const timeout = (written: number | string) =>
    v.parse(extprocAttributes, { gracefulShutdownTimeout: written }).gracefulShutdownTimeoutMs;
  expect([timeout(2), timeout("500ms"), timeout(0)]).toEqual([2000, 500, 15_000]);
});

test("a duration longer than timers can wait is refused", () => {
  const { issues } = v.safeParse(extprocAttributes, { timeout: "597h" });
  expect(issues?.map(({ message }) => message)).toEqual(["must not be longer than 596h"]);
  expect(v.parse(extprocAttributes, { timeout: "596h" }).timeoutMs).toBe(2_145_600_000);
});

test("options that do nothing together are refused at the one that is too much", () => {
  const issues = (written: object) =>
    (v.safeParse(extprocAttributes, written).issues ?? []).map((issue) => `${v.getDotPath(issue)} ${issue.message}`);
  expect(issues({ extendTimeout: "10s" })).toEqual([
    "extendTimeout needs `timeout`: more time is asked for when 80 % of it is used",
  ]);
  expect(issues({ type: "wrapprocessor", contract: "fetch" })).toEqual([
    "contract does not go with `type`: the Digital Hub types run Nuclio handlers",
  ]);
  expect(issues({ timeout: "1s", extendTimeout: "10s", type: "wrapprocessor", contract: "nuclio" })).toEqual([]);
});
