import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { extprocAttributes } from "../triggers/extproc/attributes.ts";
import type { ConfigResult, ProcessorConfig } from "./contract.ts";
import { type LoadConfigInput, loadConfig } from "./load.ts";

const root = mkdtempSync(join(tmpdir(), "processor-config-"));
afterAll(() => rmSync(root, { recursive: true }));

interface Setup {
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly functionFile?: string;
  readonly platform?: string;
}

let count = 0;

/** Loads `config`, when it is given, from a folder of its own, below which the other files are. */
function load(config: string | null, setup: Setup = {}): ConfigResult & { readonly cwd: string } {
  const cwd = join(root, String(count++));
  const files = { ...setup.files, ...(config !== null && { "processor.yaml": config }) };
  const withPlatform = setup.platform === undefined ? files : { ...files, "platform.yaml": setup.platform };
  for (const [name, content] of Object.entries({ "hello.ts": "", ...withPlatform })) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), content);
  }
  const input: LoadConfigInput = {
    ...(config !== null && { file: "processor.yaml" }),
    ...(setup.platform !== undefined && { platformFile: "platform.yaml" }),
    ...(setup.functionFile !== undefined && { functionFile: setup.functionFile }),
    environment: setup.environment ?? {},
    cwd,
  };
  return { ...loadConfig(input), cwd };
}

function accepted(result: ConfigResult): ProcessorConfig {
  if (result.config === null) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result.config;
}

function messages({ problems }: ConfigResult): readonly string[] {
  return problems.map(({ severity, message }) => `${severity}: ${message}`);
}

const port = (hostname: string, number: number, explicit: boolean, enabled = true) => ({
  enabled,
  hostname,
  port: number,
  explicit,
});

const defaultPlatform = {
  admin: port("0.0.0.0", 8081, false),
  health: port("0.0.0.0", 8082, false),
  metrics: { ...port("0.0.0.0", 8090, false), instanceName: "default-processor" },
};

describe("what to run", () => {
  test("a function file alone serves Envoy on port 5051", () => {
    const result = load(null, { functionFile: "hello.ts" });
    expect(result.problems).toEqual([]);
    expect(result.config).toEqual({
      name: "processor",
      namespace: "default",
      project: "",
      description: "",
      version: 0,
      function: {
        handler: join(result.cwd, "hello.ts"),
        runtime: "",
        searchPath: [result.cwd, "/opt/nuclio"],
        sourceCode: null,
      },
      triggers: [
        {
          name: "extproc",
          kind: "extproc",
          url: "",
          numWorkers: 1,
          workerAvailabilityTimeoutMs: 10_000,
          workerTerminationTimeoutMs: 10_000,
          attributes: v.parse(extprocAttributes, {}),
        },
      ],
      env: {},
      eventTimeoutMs: 0,
      hangTimeoutMs: 2000,
      log: { level: "info", format: "auto" },
      platform: defaultPlatform,
    });
  });

  test("a file says everything, its keys in any case", () => {
    const result = load(
      `apiVersion: nuclio.io/v1
kind: NuclioFunction
Metadata:
  name: gate
  namespace: edge
  labels: { nuclio.io/project-name: shop }
spec:
  Handler: hello.ts:gate
  RUNTIME: nodejs:20
  description: who may pass
  version: 7
  env:
    - { name: STAGE, value: test }
    - { name: PORT, value: 8080 }
    - { name: TEMPLATE, value: "\${NOT_REPLACED}" }
  eventTimeout: 1m
  hangTimeout: 500ms
  triggers:
    Gate:
      kind: extproc
      maxworkers: 4
      workerAvailabilityTimeoutMilliseconds: 0
      attributes:
        TYPE: wrapprocessor
        port: 6000
        processingoptions: { decompressBodies: no }
    idle: { kind: extproc, disabled: true }
`,
      { environment: { NUCLIO_HANDLER_DIR: "/functions" } },
    );
    expect(result.problems).toEqual([]);
    expect(result.config).toEqual({
      name: "gate",
      namespace: "edge",
      project: "shop",
      description: "who may pass",
      version: 7,
      function: {
        handler: "hello.ts:gate",
        runtime: "nodejs:20",
        searchPath: [result.cwd, "/functions"],
        sourceCode: null,
      },
      triggers: [
        {
          name: "Gate",
          kind: "extproc",
          url: "",
          numWorkers: 4,
          workerAvailabilityTimeoutMs: 0,
          workerTerminationTimeoutMs: 10_000,
          attributes: v.parse(extprocAttributes, {
            type: "wrapprocessor",
            port: 6000,
            processingOptions: { decompressBodies: false },
          }),
        },
      ],
      env: { STAGE: "test", PORT: "8080", TEMPLATE: "${NOT_REPLACED}" },
      eventTimeoutMs: 60_000,
      hangTimeoutMs: 500,
      log: { level: "info", format: "auto" },
      platform: { ...defaultPlatform, metrics: { ...defaultPlatform.metrics, instanceName: "edge-gate" } },
    });
  });

  test("a function may stand in the file, as it is, and needs no handler", () => {
    const result = load(`spec:
  build:
    functionSourceCode: |
      export default () => \`\${process.env.NAME} $\${x}\`;
  triggers: { gate: { kind: extproc } }
`);
    expect(result.problems).toEqual([]);
    expect(accepted(result).function).toEqual({
      handler: "",
      runtime: "",
      searchPath: [result.cwd, "/opt/nuclio"],
      sourceCode: { kind: "text", text: "export default () => `${process.env.NAME} $${x}`;\n", decoded: false },
    });
  });

  test("a function in a language that is not served has that one problem", () => {
    const spec = { runtime: "golang", handler: "main:Handler", build: { functionSourceCode: "package main" } };
    const result = load(JSON.stringify({ spec: { ...spec, triggers: { gate: { kind: "extproc" } } } }));
    expect(result.problems.map(({ path }) => path)).toEqual(["spec.runtime"]);
  });

  test("a function may come from the environment, and one on the command line goes before it", () => {
    const environment = { PROCESSOR_BUILD__FUNCTION_SOURCE_CODE: Buffer.from("export default 1;").toString("base64") };
    expect(accepted(load(null, { environment })).function.sourceCode).toEqual({
      kind: "text",
      text: "export default 1;",
      decoded: true,
    });
    const named = load(null, { environment, functionFile: "hello.ts" });
    expect(accepted(named).function.sourceCode).toBeNull();
  });

  test("the environment alone is a configuration, also in names that are not the option's own", () => {
    const result = load(null, {
      environment: {
        PROCESSOR_HANDLER: "hello.ts",
        PROCESSOR_TRIGGERS__GATE__KIND: "extproc",
        PROCESSOR_TRIGGERS__GATE__NUM_WORKERS: "2",
        PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__ON_ERROR: "503",
        PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PROCESSING_OPTIONS__LOG_STREAM: "true",
        PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: ":0",
        PROCESSOR_PLATFORM__METRICS__ENABLED: "false",
      },
    });
    expect(result.problems).toEqual([]);
    const { triggers, platform } = accepted(result);
    expect(triggers.map(({ name, numWorkers, attributes }) => ({ name, numWorkers, attributes }))).toEqual([
      {
        name: "gate",
        numWorkers: 2,
        attributes: v.parse(extprocAttributes, { onError: 503, processingOptions: { logStream: true } }),
      },
    ]);
    expect(platform).toEqual({
      ...defaultPlatform,
      health: port("0.0.0.0", 0, true),
      metrics: { ...defaultPlatform.metrics, enabled: false },
    });
  });

  test("the environment changes the default trigger, and goes over the file", () => {
    const port = (result: ConfigResult) =>
      accepted(result).triggers.map(({ name, attributes }) => ({ name, listen: Object(attributes).listen.port }));
    const own = load(null, {
      functionFile: "hello.ts",
      environment: { PROCESSOR_TRIGGERS__EXTPROC__ATTRIBUTES__PORT: "6001" },
    });
    expect(port(own)).toEqual([{ name: "extproc", listen: 6001 }]);
    const file = "spec: { handler: hello.ts, triggers: { my-gate: { kind: extproc, attributes: { port: 1 } } } }";
    const over = load(file, { environment: { PROCESSOR_TRIGGERS__MY_GATE__ATTRIBUTES__PORT: "6002" } });
    expect(port(over)).toEqual([{ name: "my-gate", listen: 6002 }]);
  });

  test("the function of the command line goes before the file's", () => {
    const result = load("spec: { handler: other.ts }\n", { functionFile: "hello.ts" });
    expect(accepted(result).function.handler).toBe(join(result.cwd, "hello.ts"));
  });

  test("numWorkers goes before maxWorkers, and no number is one", () => {
    const workers = (written: string) =>
      accepted(load(`spec: { handler: hello.ts, triggers: { a: { kind: extproc, ${written} } } }`)).triggers[0]
        ?.numWorkers;
    const counts = ["numWorkers: 2, maxWorkers: 4", "maxWorkers: 4", "numWorkers: 0, maxWorkers: 3", "url: x"].map(
      workers,
    );
    expect(counts).toEqual([2, 4, 3, 1]);
  });

  test("jobs alone may keep their thread busy; beside other triggers, or where it is said, there is a limit", () => {
    const limitOf = (triggers: string, more = "") =>
      accepted(load(`spec: { handler: hello.ts, triggers: { ${triggers} }${more} }`)).hangTimeoutMs;
    expect(limitOf("once: { kind: job }, again: { kind: job }")).toBe(Number.POSITIVE_INFINITY);
    expect(limitOf("once: { kind: job }", ", hangTimeout: 5s")).toBe(5000);
    expect(limitOf("once: { kind: job }, api: { kind: http }")).toBe(2000);
  });

  test("file paths start at the folder of the configuration", () => {
    const attributes = "{ tls: { cert: tls/c.pem, key: tls/k.pem }, socket: { path: gate.sock } }";
    const result = load(`spec: { handler: hello.ts, triggers: { a: { kind: extproc, attributes: ${attributes} } } }`, {
      files: { "tls/c.pem": "", "tls/k.pem": "" },
    });
    expect(accepted(result).triggers[0]?.attributes).toEqual(
      v.parse(extprocAttributes, {
        tls: { cert: join(result.cwd, "tls/c.pem"), key: join(result.cwd, "tls/k.pem") },
        socket: { path: join(result.cwd, "gate.sock") },
      }),
    );
  });
});

describe("configurations of the reference", () => {
  test("the file Digital Hub Core writes for a guardrail is accepted", () => {
    const written = `apiVersion: nuclio.io/v1beta1
kind: NuclioFunction
spec:
  runtime: python
  handler: "handler:handler"
  minReplicas: 1
  maxReplicas: 1
  triggers:
    extproc:
      kind: extproc
      maxWorkers: 4
      attributes: { type: preprocessor, port: 5051 }
`;
    const result = load(written);
    expect(accepted(result).triggers.map(({ numWorkers }) => numWorkers)).toEqual([4]);
    expect(messages(result)).toEqual([
      'warning: "minReplicas" has no effect here: it is for the platform that deploys the function',
      'warning: "maxReplicas" has no effect here: it is for the platform that deploys the function',
    ]);
  });

  test("a function of another platform's fields is accepted with warnings only", () => {
    const result = load(`metadata: { annotations: { team: edge } }
spec:
  handler: hello.ts
  image: registry/gate:1
  build: { commands: ["\${UNSET}"] }
  resources: { limits: { cpu: 1 } }
  triggers:
    gate: { kind: extproc, class: sync, name: gate, workerAllocatorName: shared, attributes: }
`);
    expect(accepted(result).triggers.map(({ name }) => name)).toEqual(["gate"]);
    expect(result.problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
      "no-effect spec.image",
      "no-effect spec.build.commands",
      "no-effect spec.resources",
      "no-effect spec.triggers.gate.workerAllocatorName",
    ]);
  });
});

describe("the platform", () => {
  test("its file gives ports, metrics and log", () => {
    const result = load(null, {
      functionFile: "hello.ts",
      environment: { NUCLIO_FUNCTION_INSTANCE: "unused" },
      platform: `webAdmin: { enabled: false }
healthCheck: { listenAddress: "127.0.0.1:9082" }
logger:
  sinks: { out: { kind: stdout, attributes: { encoding: json } } }
  functions: [{ level: Warning, sink: out }]
metrics:
  sinks: { pull: { kind: prometheusPull, url: ":9090", attributes: { instanceName: "{{ .Name }}.{{.Namespace}}" } } }
  functions: [pull]
`,
    });
    expect(result.problems).toEqual([]);
    const { platform, log } = accepted(result);
    expect(log).toEqual({ level: "warn", format: "json" });
    expect(platform).toEqual({
      admin: port("0.0.0.0", 8081, false, false),
      health: port("127.0.0.1", 9082, true),
      metrics: { ...port("0.0.0.0", 9090, true), instanceName: "processor.default" },
    });
  });

  test("the function's own level goes over the platform's, in the platform's format", () => {
    const platform =
      "logger: { sinks: { out: { kind: stdout, attributes: { encoding: console } } }, functions: [{ level: error, sink: out }] }";
    const result = load("spec: { handler: hello.ts, loggerSinks: [{ level: debug }] }", { platform });
    expect(accepted(result).log).toEqual({ level: "debug", format: "console" });
  });

  test("a sink that is switched off and one of a kind without use here", () => {
    const off = "metrics: { sinks: { p: { kind: prometheusPull, enabled: false } }, functions: [p] }";
    expect(accepted(load(null, { functionFile: "hello.ts", platform: off })).platform.metrics.enabled).toBe(false);
    const push = 'metrics: { sinks: { p: { kind: prometheusPush, url: "http://gateway:9091" } }, functions: [p] }';
    const result = load(null, { functionFile: "hello.ts", platform: push });
    expect(accepted(result).platform).toEqual(defaultPlatform);
    expect(result.problems.map(({ code, path }) => `${code} ${path}`)).toEqual(["no-effect metrics.functions.0"]);
  });

  test("a platform file that is missing leaves the defaults, with a warning", () => {
    const input = { platformFile: "nowhere.yaml", functionFile: "hello.ts", environment: {}, cwd: root };
    const result = loadConfig(input);
    expect(accepted(result).platform).toEqual(defaultPlatform);
    expect(messages(result)).toEqual(["warning: nowhere.yaml does not exist: the defaults of the platform are used"]);
  });
});

describe("mistakes", () => {
  test("nothing at all to run is said in one sentence with the ways out", () => {
    expect(messages(load(null))).toEqual([
      "error: There is no function and no configuration: name a function file or --config FILE, set PROCESSOR_HANDLER, or put a configuration at /etc/nuclio/config/processor/processor.yaml",
    ]);
  });

  test("a configuration given as function is told how to be one", () => {
    const result = load(null, { functionFile: "processor.yaml" });
    expect(messages(result)).toEqual([
      "error: processor.yaml is not a function: if it is a configuration, write --config processor.yaml",
    ]);
  });

  test("--config with a missing file or a folder is an error", () => {
    const say = (file: string) => messages(loadConfig({ file, environment: {}, cwd: root }));
    expect(say("nowhere.yaml")).toEqual([`error: nowhere.yaml does not exist: is the path right, seen from ${root}?`]);
    expect(say(".")).toEqual(["error: . is a directory: name the file in it"]);
    expect(say("/dev/zero")).toEqual(["error: /dev/zero is not a regular file"]);
  });

  test("what came from the environment is in no message and no excerpt", () => {
    const secret = "hunter2-hunter2";
    const result = load(
      "spec: { handler: hello.ts, triggers: { a: { kind: extproc, attributes: { port: '${S}', type: '${S}', tls: { cert: '${S}', key: '${S}' } } } } }",
      { environment: { S: secret, PROCESSOR_EVENT_TIMEOUT: secret, PROCESSOR_RUNTIME: secret } },
    );
    expect(result.config).toBeNull();
    expect(result.problems.length).toBeGreaterThan(5);
    expect(JSON.stringify(result.problems)).not.toContain(secret);
  });
});

describe("cron triggers in Kubernetes", () => {
  const config =
    "spec:\n  handler: hello.ts\n  triggers:\n    tick: {kind: cron, attributes: {interval: 1m}}\n    gate: {kind: extproc}\n";
  const environment = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
  const names = (result: ConfigResult) => accepted(result).triggers.map(({ name }) => name);

  test("are left to the platform when it makes CronJobs of them, and that is said", () => {
    const result = load(config, { platform: "cronTriggerCreationMode: kube", environment });
    expect(names(result)).toEqual(["gate"]);
    expect(messages(result)).toEqual([
      'warning: "tick" is not opened here: the platform makes a CronJob of it (cronTriggerCreationMode: kube)',
    ]);
  });

  test("are opened otherwise, and outside of Kubernetes", () => {
    expect(names(load(config, { environment }))).toEqual(["tick", "gate"]);
    expect(names(load(config, { platform: "cronTriggerCreationMode: kube" }))).toEqual(["tick", "gate"]);
  });
});

describe("a configuration without triggers", () => {
  const choice = (result: ConfigResult): { triggersAre: string; kinds: string[] } => {
    return { triggersAre: result.triggersAre, kinds: accepted(result).triggers.map(({ kind }) => kind) };
  };

  test("leaves the choice to the exports where only they can tell", () => {
    expect(choice(load(null, { functionFile: "hello.ts" }))).toEqual({ triggersAre: "assumed", kinds: ["extproc"] });
    expect(choice(load("spec: { handler: hello.ts }"))).toEqual({ triggersAre: "assumed", kinds: ["extproc"] });
  });

  test("is served over HTTP when its runtime, its language or the environment says that it answers events", () => {
    const known = { triggersAre: "known", kinds: ["http"] };
    expect(choice(load("spec: { handler: hello.ts, runtime: nodejs }"))).toEqual(known);
    expect(choice(load(null, { functionFile: "hello.py", files: { "hello.py": "" } }))).toEqual(known);
    expect(choice(load(null, { functionFile: "hello.ts", environment: { PROCESSOR_RUNTIME: "kyma" } }))).toEqual(known);
    expect(choice(load(null, { functionFile: "hello.ts", environment: { MOD_NAME: "hello" } }))).toEqual(known);
  });

  test("is not one whose triggers are in the environment", () => {
    const environment = { PROCESSOR_TRIGGERS__ONCE__KIND: "job" };
    const written = { triggersAre: "written", kinds: ["job"] };
    expect(choice(load(null, { functionFile: "hello.ts", environment }))).toEqual(written);
  });
});
