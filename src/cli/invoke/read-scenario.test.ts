import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInvoke } from "./arguments.test-support.ts";
import { defaultEnvoyConfig } from "./envoy/defaults.ts";
import { readScenario } from "./read-scenario.ts";
import type { Scenario } from "./scenario.ts";

function scenario(...args: string[]): Scenario {
  return readScenario(parseInvoke(...args), "/");
}

describe("the options of invoke", () => {
  test("without any: a GET that is answered 200, headers only, overrides allowed", () => {
    const played = scenario();
    expect(played.request).toEqual({
      fields: [
        [":method", "GET"],
        [":scheme", "http"],
        [":authority", "localhost"],
        [":path", "/"],
      ],
      body: null,
      trailers: null,
    });
    expect(played.response).toEqual({ fields: [[":status", "200"]], body: null, trailers: null });
    expect(played.envoy).toEqual({
      ...defaultEnvoyConfig,
      allowModeOverride: true,
      messageTimeoutMs: 5000,
      maxMessageTimeoutMs: 3_600_000,
    });
  });

  test("headers may be repeated, short and long, and are bytes", () => {
    const { fields } = scenario("-H", "X-A: 1", "--header", "x-a:2", "--header=x-b: é").request;
    expect(fields.slice(4)).toEqual([
      ["x-a", "1"],
      ["x-a", "2"],
      ["x-b", "\xc3\xa9"],
    ]);
  });

  test("a body makes it a POST unless a method is given", () => {
    expect(scenario("-d", "hi").request.fields[0]).toEqual([":method", "POST"]);
    expect(scenario("-d", "hi", "-X", "PUT").request.fields[0]).toEqual([":method", "PUT"]);
    expect(scenario("-d", "hi").request.body).toEqual(Buffer.from("hi"));
  });

  test("@ reads a body from a file", () => {
    const directory = mkdtempSync(join(tmpdir(), "invoke-"));
    writeFileSync(join(directory, "body.bin"), Buffer.from([0, 255]));
    expect(readScenario(parseInvoke("--data", "@body.bin"), directory).request.body).toEqual(Buffer.from([0, 255]));
    rmSync(directory, { recursive: true });
  });

  test("the upstream's response, with trailers", () => {
    const args = ["--response-status", "404", "--response-header", "x-a: 1", "--response-data", "no"];
    expect(scenario(...args, "--response-trailer", "x-t: 1").response).toEqual({
      fields: [
        [":status", "404"],
        ["x-a", "1"],
      ],
      body: Buffer.from("no"),
      trailers: [["x-t", "1"]],
    });
  });

  test("the answer to HEAD has a length and no body", () => {
    expect(scenario("-X", "HEAD", "--response-data", "hello").response).toEqual({
      fields: [
        [":status", "200"],
        ["content-length", "5"],
      ],
      body: null,
      trailers: null,
    });
  });

  test("body modes, and trailers sent where they come or the mode demands it", () => {
    const modes = ["--request-body-mode", "full-duplex", "--response-body-mode", "buffered-partial"];
    expect(scenario(...modes, "--response-trailer", "x-t: 1").envoy.processingMode).toEqual({
      requestHeaderMode: "SEND",
      responseHeaderMode: "SEND",
      requestBodyMode: "FULL_DUPLEX_STREAMED",
      responseBodyMode: "BUFFERED_PARTIAL",
      requestTrailerMode: "SEND",
      responseTrailerMode: "SEND",
    });
  });

  test("body modes by the names Envoy's configuration has for them", () => {
    const modes = ["--request-body-mode", "FULL_DUPLEX_STREAMED", "--response-body-mode", "buffered_partial"];
    expect(scenario(...modes).envoy.processingMode).toMatchObject({
      requestBodyMode: "FULL_DUPLEX_STREAMED",
      responseBodyMode: "BUFFERED_PARTIAL",
    });
  });

  test("attributes and metadata", () => {
    const args = ["--attribute", "source.address=10.0.0.1:1", "--metadata", 'ns={"a":[1]}'];
    expect(scenario(...args).context).toEqual({
      attributes: { "source.address": "10.0.0.1:1" },
      metadata: { ns: { a: [1] } },
    });
  });

  test.each([
    [["-H", "no colon"], "--header takes 'NAME: VALUE', not \"no colon\""],
    [["--path", "orders"], '--path begins with "/", not as "orders"'],
    [
      ["--request-body-mode", "all"],
      '--request-body-mode is one of none, buffered, buffered-partial, streamed, full-duplex, not "all"',
    ],
    [["--envoy", "1.2"], '--envoy is one of 1.36, 1.37, 1.40, not "1.2"'],
    [["--chunk-size", "0"], '--chunk-size takes a whole number above 0, not "0"'],
    [["--response-status", "42"], "--response-status is a status from 200 to 599"],
    [["--echo", "--response-data", "x"], "--echo or --response-data, not both"],
    [["--metadata", "ns=1"], '--metadata takes NAMESPACE=JSON with an object, not "ns=1"'],
    [["--attribute", "a"], '--attribute takes NAME=VALUE, not "a"'],
    [["--allow-mode-override", "maybe"], '--allow-mode-override is true or false, not "maybe"'],
    [["--data", "@/nowhere/x"], "--data: ENOENT: no such file or directory, open '/nowhere/x'"],
  ])("%j is refused, naming the option", (args, message) => {
    expect(() => scenario(...args)).toThrow(expect.objectContaining({ message, exitCode: 2 }));
  });
});
