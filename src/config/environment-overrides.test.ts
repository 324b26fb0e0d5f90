import { expect, test } from "bun:test";
import { toPlain } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { applyOverrides, findOverrides } from "./environment-overrides.ts";
import { parseYaml } from "./parse-yaml.ts";

function override(content: string, environment: Record<string, string>) {
  const problems: ConfigProblem[] = [];
  const { root } = parseYaml({ file: "test.yaml", content });
  const node = applyOverrides(root, findOverrides(environment).spec, problems);
  return { value: node === null ? null : toPlain(node), problems: problems.map(({ message }) => message) };
}

test("a variable sets the value at its path, whatever its case, dashes and underscores", () => {
  const content = "handler: a.ts\ntriggers: { My-Gate: { attributes: { onError: pass } } }\n";
  const environment = { PROCESSOR_HANDLER: "b.ts", PROCESSOR_TRIGGERS__my_gate__Attributes__ON_ERROR: "503" };
  expect(override(content, environment)).toEqual({
    value: { handler: "b.ts", triggers: { "My-Gate": { attributes: { onError: 503 } } } },
    problems: [],
  });
});

test("maps and list items that do not exist are made, values are typed as YAML types them", () => {
  const environment = {
    PROCESSOR_TRIGGERS__EDGE_GATE__NUM_WORKERS: "2",
    PROCESSOR_TRIGGERS__EDGE_GATE__ATTRIBUTES__ALLOW_ROUTING: "true",
    PROCESSOR_ENV__0__NAME: "A",
    PROCESSOR_ENV__0__VALUE: "{ b: c }",
  };
  expect(override("", environment)).toEqual({
    value: {
      env: [{ name: "A", value: "{ b: c }" }],
      triggers: { "edge-gate": { "num-workers": 2, attributes: { "allow-routing": true } } },
    },
    problems: [],
  });
});

test("a list takes the next number and no other", () => {
  expect(override("env: [{ name: A }]\n", { PROCESSOR_ENV__1__NAME: "B", PROCESSOR_ENV__X: "1" })).toEqual({
    value: { env: [{ name: "A" }, { name: "B" }] },
    problems: ['"X" is no place in a list of 2: use a number from 0 to 2'],
  });
});

test("a name with an empty step is a warning", () => {
  expect(override("", { PROCESSOR_TRIGGERS____X: "1" }).problems).toEqual([
    "PROCESSOR_TRIGGERS____X has an empty step in its name: join steps by exactly two underscores",
  ]);
});

test("variables of the platform are told apart, those Kubernetes sets for a Service are no settings", () => {
  const environment = {
    PROCESSOR_PLATFORM__METRICS__ENABLED: "false",
    PROCESSOR_PORT: "tcp://10.0.0.1:5051",
    PROCESSOR_PORT_5051_TCP_ADDR: "10.0.0.1",
    PROCESSOR_SERVICE_HOST: "10.0.0.1",
    PROCESSOR_SERVICE_PORT_GRPC: "5051",
    HOME: "/",
  };
  expect(findOverrides(environment)).toEqual({
    spec: [],
    platform: [{ variable: "PROCESSOR_PLATFORM__METRICS__ENABLED", value: "false", steps: ["METRICS", "ENABLED"] }],
  });
});
