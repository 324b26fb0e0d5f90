import { expect, test } from "bun:test";
import * as v from "valibot";
import { type HttpAttributes, httpAttributes } from "./attributes.ts";

const defaults: HttpAttributes = {
  hostname: "0.0.0.0",
  port: 8080,
  tls: null,
  http2: true,
  contract: null,
  upstream: null,
  maxHeaderBytes: 16_384,
  maxBodyBytes: 4_194_304,
  readTimeoutMs: 60_000,
  idleTimeoutMs: 0,
  drainDelayMs: 0,
  gracefulShutdownTimeoutMs: 15_000,
  cors: null,
};

test("without attributes every option has its default", () => {
  expect(v.parse(httpAttributes, {})).toEqual(defaults);
});

test("0 is the default of limits", () => {
  const written = { maxRequestBodySize: 0, gracefulShutdownTimeout: 0 };
  expect(v.parse(httpAttributes, written)).toEqual(defaults);
});

test("CORS has the reference's defaults once it is enabled", () => {
  expect(v.parse(httpAttributes, { cors: { enabled: true, allowOrigins: ["https://Shop.example"] } }).cors).toEqual({
    origins: ["https://shop.example"],
    methods: ["HEAD", "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"],
    headers: ["Accept", "Content-Length", "Content-Type", "Authorization", "X-Nuclio-Log-Level"],
    credentials: false,
    exposedHeaders: [],
    preflightMaxAgeSeconds: 5,
  });
  expect(v.parse(httpAttributes, { cors: { allowCredentials: true } }).cors).toBeNull();
});

test("an upstream is an origin", () => {
  expect(v.parse(httpAttributes, { upstream: "http://127.0.0.1:9000/" }).upstream).toBe("http://127.0.0.1:9000");
  expect(() => v.parse(httpAttributes, { upstream: "tcp://127.0.0.1:9000" })).toThrow("must be the URL of a server");
});
