import { expect, test } from "bun:test";
import type { ProcessorConfig } from "../config/contract.ts";
import type { TriggerKind } from "../triggers/contract.ts";
import { describeListenError } from "./describe-listen-error.ts";
import { echoKind } from "./echo-kind.test-support.ts";
import { assertPortsFree } from "./port-probe.ts";
import { StartError } from "./start-error.ts";

const kinds = [echoKind as TriggerKind];

function configWithPort(port: number): Pick<ProcessorConfig, "triggers"> {
  const attributes = { port, gracefulShutdownTimeoutMs: 0 };
  const common = {
    kind: "echo",
    url: "",
    numWorkers: 2,
    workerAvailabilityTimeoutMs: 0,
    workerTerminationTimeoutMs: 10_000,
    attributes,
  };
  return { triggers: [{ ...common, name: "echo" }] };
}

test("a port another listener has is found although both would share it", () => {
  const options = { hostname: "127.0.0.1", port: 0, reusePort: true, socket: { data: () => undefined } };
  const stranger = Bun.listen(options);
  expect(() => assertPortsFree(configWithPort(stranger.port), kinds)).toThrow(
    new StartError({
      code: "EADDRINUSE",
      setting: "attributes.port",
      message: `port ${stranger.port} of trigger "echo" is in use by another process`,
    }),
  );
  stranger.stop(true);
  expect(() => assertPortsFree(configWithPort(stranger.port), kinds)).not.toThrow();
});

test("any free port needs no probe", () => {
  expect(() => assertPortsFree(configWithPort(0), kinds)).not.toThrow();
});

test.each([
  ["EACCES", "may not be opened by this user: choose one above 1023"],
  ["EADDRNOTAVAIL", "cannot be opened: 10.1.2.3 is no address of this machine"],
  ["EMFILE", "cannot be opened on 10.1.2.3: out of files"],
])("%s is put into words", (code, reason) => {
  const error = Object.assign(new Error("out of files"), { code });
  expect(describeListenError(error, "10.1.2.3")).toEqual({ code, reason });
});
