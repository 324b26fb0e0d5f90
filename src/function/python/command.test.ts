import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { scratchDirectory } from "../scratch-directory.test-support.ts";
import { wrapperCommand } from "./command.ts";

const directory = scratchDirectory({ "bin/python": "", "wrapper.py": "" });
const python = join(directory, "bin", "python");
const given = { NUCLIO_PYTHON_EXE_PATH: python, HOME: "/home" };

function command(environment: Record<string, string> = {}) {
  const origin = { file: "/fn/main.py", exportName: "run" };
  return wrapperCommand(
    { contract: "python", origin, handler: "main:run", directory: "/fn" },
    { trigger: { kind: "http", name: "front" }, functionNamespace: "shop" },
    { ...given, ...environment },
  );
}

test("a wrapper is started as Nuclio's processor does", () => {
  expect(command()).toEqual({
    python,
    foreignWrapper: null,
    options: [
      "--handler",
      "main:run",
      "--platform-kind",
      "local",
      "--namespace",
      "shop",
      "--trigger-kind",
      "http",
      "--trigger-name",
      "front",
      "--decode-event-strings",
    ],
    environment: { ...given, PYTHONPATH: "/fn:/opt/nuclio" },
    functionDirectory: "/fn",
    startDeadlineMs: 120_000,
  });
});

describe("the environment decides", () => {
  test("on the platform's kind", () => {
    const kube = command({ KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" });
    expect(kube.options).toContain("kube");
    expect(command({ KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "" }).options).toContain("local");
  });

  test.each(["no", "False", "DISABLE", "disabled"])("on bytes in the place of texts: %s", (value) => {
    expect(command({ NUCLIO_PYTHON_DECODE_EVENT_STRINGS: value }).options).not.toContain("--decode-event-strings");
  });

  test("on where modules are looked for", () => {
    const { environment } = command({ NUCLIO_PYTHON_PATH: "/mine", PYTHONPATH: "/fn:/more" });
    expect(environment["PYTHONPATH"]).toBe("/fn:/mine:/more");
  });

  test("on the wrapper", () => {
    const wrapper = join(directory, "wrapper.py");
    expect(command({ NUCLIO_PYTHON_WRAPPER_PATH: wrapper }).foreignWrapper).toBe(wrapper);
    expect(() => command({ NUCLIO_PYTHON_WRAPPER_PATH: "/missing.py" })).toThrow(
      "NUCLIO_PYTHON_WRAPPER_PATH names /missing.py, which is no file: unset it to use the processor's own wrapper",
    );
  });

  test("on the interpreter", () => {
    expect(() => command({ NUCLIO_PYTHON_EXE_PATH: "/missing/python" })).toThrow(
      "the function needs Python, but NUCLIO_PYTHON_EXE_PATH names /missing/python, which is not there",
    );
    expect(() => command({ NUCLIO_PYTHON_EXE_PATH: "", PATH: directory })).toThrow(
      "the function needs Python, but there is no python3 on PATH: install Python 3.9 or later, or set NUCLIO_PYTHON_EXE_PATH",
    );
    expect(command({ NUCLIO_PYTHON_EXE_PATH: "python3", PATH: process.env["PATH"] ?? "" }).python).toMatch(/python3$/);
  });
});
