/** The bad configurations of this folder, and what the processor has to say of each. */
import { triggerKinds } from "../../src/triggers/kinds.ts";

export interface BadConfig {
  /** Set besides the file. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Every problem, in order: severity, code, line:column (or variable, or option), message. A message that ends with
   * "…" is the beginning of one; `<folder>` is this folder.
   */
  readonly problems: readonly string[];
}

const servedKinds = triggerKinds.map(({ kind }) => kind).join(", ");

/** By file name without `.yaml`. Those that begin with "platform-" are platform files. */
export const badConfigs: Readonly<Record<string, BadConfig>> = {
  "alias-bomb": {
    problems: [
      "error too-large 6:38 The configuration has more than 100000 values or 64 levels: does an alias repeat itself?",
    ],
  },
  "alias-of-itself": {
    problems: [
      "error too-large 4:7 The configuration has more than 100000 values or 64 levels: does an alias repeat itself?",
    ],
  },
  "alias-without-anchor": { problems: ['error bad-alias 3:8 The alias "*environment" has no anchor before it'] },
  "attribute-beside-attributes": {
    problems: [
      'warning unknown-key 6:7 "port" is not a known key under spec.triggers.gate and is ignored: it belongs under spec.triggers.gate.attributes',
    ],
  },
  "bad-indentation": {
    problems: ["error yaml-syntax 3:1 All mapping items must start at the same column: compare with the lines above"],
  },
  "body-limit-with-unit": {
    problems: ['error wrong-type 7:36 "perRequestBodyBufferBytes" must be a number, not "4MB": write 4194304'],
  },
  "config-map-of-kubernetes": {
    problems: [
      "error function-not-found 1:1 No function is named and there is none…",
      'warning unknown-key 3:1 "data" is not a known key at the top level and is ignored',
    ],
  },
  "cron-schedule-never-due": { problems: ['error bad-value 7:19 "schedule" is never due: there is no such day'] },
  "cron-schedule-unreadable": {
    problems: [
      'error bad-value 7:19 "schedule" is no schedule such as "*/5 * * * *", "@hourly" or "@every 90s": Invalid value for minute: 61',
    ],
  },
  "cron-timezone-twice": {
    problems: ['error bad-value 8:19 "timezone" is given twice: the schedule begins with another one'],
  },
  "cron-timezone-unknown": {
    problems: [
      'error bad-value 8:19 "timezone" names the unknown time zone "Europe/Roma": write one such as "Europe/Rome" or "UTC"',
      'error bad-value 9:28 "concurrencyPolicy" must be Allow, Forbid or Replace, not "forbid" - did you mean "Forbid"?',
    ],
  },
  "cron-without-attributes": {
    problems: ['error missing-key 4:5 "schedule" is missing: Minute, hour, day, month and weekday, …'],
  },
  "cron-without-schedule": {
    problems: ['error missing-key 6:7 "schedule" is missing: Minute, hour, day, month and weekday, …'],
  },
  "drain-delay-negative": { problems: ['error bad-value 7:21 "drainDelay" must not be negative'] },
  "duplicate-key-by-case": {
    problems: [
      'error duplicate-key 3:3 "Handler" and "handler" are the same key, because case does not count: remove one',
    ],
  },
  "duplicate-key": { problems: ['error duplicate-key 4:3 "handler" is given twice, first in line 2: remove one'] },
  "empty-value-for-required": {
    problems: [`error missing-key 4:5 "kind" is missing: The kind of the trigger: ${servedKinds}`],
  },
  empty: { problems: ["error function-not-found 1:1 No function is named and there is none…"] },
  "env-as-map": {
    problems: ['error wrong-type 3:3 "env" must be a list (items below it, each begun with "- "), not a map'],
  },
  "env-from-kubernetes": { problems: ['warning no-effect 5:7 "valueFrom" has no effect here: it is for Kubernetes'] },
  "env-without-name": { problems: ['error missing-key 4:7 "name" is missing: Name of the variable'] },
  "event-timeout-zero": { problems: ['error bad-value 3:17 "eventTimeout" must be longer than 0, not "0s"'] },
  "extend-timeout-alone": {
    problems: ['error bad-value 7:24 "extendTimeout" needs `timeout`: more time is asked for when 80 % of it is used'],
  },
  "field-for-kubernetes": { problems: ['warning no-effect 3:3 "resources" has no effect here: it is for Kubernetes'] },
  "handler-is-a-list": { problems: ['error wrong-type 2:3 "handler" must be text, not a list'] },
  "handler-missing": { problems: ["error function-not-found 1:1 No function is named and there is none…"] },
  "handler-not-found": { problems: ['error function-not-found 2:12 There is no function "helo.ts"…'] },
  "http-options": {
    problems: [
      'error bad-value 6:12 "url" must be an address to listen on such as ":8080" or "127.0.0.1:8080", not "8080"',
      'error bad-value 8:19 "upstream" must be the URL of a server without a path, such as "http://127.0.0.1:9000", not "http://127.0.0.1:9000/api"',
      'error bad-value 9:22 "idleTimeout" must not be longer than 255s',
      'error bad-value 10:25 "readBufferSize" must be a whole number from 1024 to 1073741824, not 10',
      'error wrong-type 11:29 "maxRequestBodySize" must be a number, not "4MB": write 4194304',
      'error bad-value 12:19 "contract" must be middleware, fetch, nuclio, kubeless or kyma, not "express"',
      'error wrong-type 14:20 "enabled" must be true or false, not "maybe"',
      'error wrong-type 15:25 "allowOrigins" must be a list (items below it, each begun with "- "), not "https://shop.example"',
      'error missing-key 16:9 "key" is missing: Private key, PEM',
      "error unreadable-file 17:17 <folder>/missing.pem does not exist: a relative path starts at <folder>",
    ],
  },
  "http-without-effect": {
    problems: [
      'warning no-effect 7:9 "serviceType" has no effect here: it is for the platform that publishes the function',
      'warning no-effect 8:9 "ingresses" has no effect here: it is for the platform that publishes the function',
      'warning no-effect 11:9 "disablePortPublishing" has no effect here: it is for the platform that publishes the function',
      'warning no-effect 12:9 "reduceMemoryUsage" has no effect here: memory is not traded for speed here',
      'warning no-effect 13:9 "mode" has no effect here: functions in JavaScript take several events at a time, others one an instance',
      'warning no-effect 14:9 "streamingFlushPeriod" has no effect here: what a function streams is sent as it comes',
      'warning unknown-key 16:11 "alowOrigins" is not a known key under spec.triggers.api.attributes.cors and is ignored - did you mean "allowOrigins"?',
    ],
  },
  "job-options-of-wrong-kind": {
    problems: [
      'error wrong-type 7:16 "event" must be a map (keys below it, indented), not "just a text"',
      'error wrong-type 8:18 "retries" must be a map (keys below it, indented), not 3',
      'error bad-value 9:18 "timeout" needs a unit: write "5s" or "5ms"',
      'error bad-value 10:21 "resultFile" must not be empty',
    ],
  },
  "kind-of-another-version": {
    problems: [
      `error unsupported-kind 5:13 The trigger kind "mqtt" is known, but this version does not serve it. It serves: ${servedKinds}`,
    ],
  },
  "labels-as-list": { problems: ['error wrong-type 2:3 "labels" must be a map (keys below it, indented), not a list'] },
  "log-level-unknown": { problems: ['error bad-value 4:14 "level" must be debug, info, warn or error, not "chatty"'] },
  "log-sink-unknown": {
    problems: ['error unknown-sink 5:13 There is no such sink in `logger.sinks` - did you mean "stdout"?'],
  },
  "map-on-one-line": {
    problems: ['error yaml-syntax 3:16 A key and its map stand on one line: quote the value if it holds ": "'],
  },
  "message-limit-too-small": {
    problems: ['error bad-value 7:26 "maxMessageBytes" must be a whole number from 1024 to 1073741824, not 10'],
  },
  "misspelt-attribute": {
    problems: [
      'warning unknown-key 7:9 "onErorr" is not a known key under spec.triggers.gate.attributes and is ignored - did you mean "onError"?',
    ],
  },
  "misspelt-kind": {
    problems: [
      `error bad-value 5:13 "kind" must be ${servedKinds.replace(/, (?=[^,]*$)/, " or ")}, not "exproc" - did you mean "extproc"?`,
    ],
  },
  "misspelt-processing-option": {
    problems: [
      'warning unknown-key 8:11 "decompresBodies" is not a known key under spec.triggers.gate.attributes.processingOptions and is ignored - did you mean "decompressBodies"?',
    ],
  },
  "misspelt-type": {
    problems: [
      'error bad-value 7:15 "type" must be preprocessor, postprocessor, wrapprocessor or observeprocessor, not "preprocesor" - did you mean "preprocessor"?',
    ],
  },
  "not-a-map": {
    problems: ["error wrong-type 1:1 The configuration must be a map (keys below it, indented), not a list"],
  },
  "not-utf-8": { problems: ["error unreadable-file --config not-utf-8.yaml is not UTF-8 text"] },
  "on-error-unknown": {
    problems: ['error bad-value 7:18 "onError" must be "pass", "fail" or a status from 400 to 599, not "ignore"'],
  },
  "on-error-with-success": {
    problems: ['error bad-value 7:18 "onError" must be a whole number from 400 to 599, not 200'],
  },
  "override-not-a-number": {
    environment: { PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PORT: "five" },
    problems: ['error wrong-type PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PORT "port" must be a number'],
  },
  "override-outside-list": {
    environment: { PROCESSOR_ENV__7__NAME: "B" },
    problems: ['error bad-value PROCESSOR_ENV__7__NAME "7" is no place in a list of 1: use a number from 0 to 1'],
  },
  "override-unknown": {
    environment: { PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PRT: "1" },
    problems: [
      'warning unknown-key PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PRT "prt" is not a known key under spec.triggers.gate.attributes and is ignored - did you mean "port"?',
    ],
  },
  "platform-address-unreadable": {
    problems: ['error bad-value 2:18 "listenAddress" must be an address such as ":8081" or "127.0.0.1:8081", not 8081'],
  },
  "platform-enabled-as-text": { problems: ['error wrong-type 2:12 "enabled" must be true or false, not "sometimes"'] },
  "platform-log-sink-unknown": {
    problems: ["error unknown-sink 5:28 There is no such sink in `logger.sinks` - known are: out"],
  },
  "platform-metrics-address": {
    problems: ['error bad-value 3:40 "url" must be an address such as ":8081" or "127.0.0.1:8081"'],
  },
  "platform-metrics-sink-unknown": {
    problems: ['error unknown-sink 4:15 There is no such sink in `metrics.sinks` - did you mean "pull"?'],
  },
  "port-not-a-number": { problems: ['error wrong-type 7:15 "port" must be a number, not "five"'] },
  "port-of-another-trigger": {
    problems: [
      'error port-conflict 9:15 Trigger "second" would listen on port 5051, which is the port of trigger "first": choose another',
    ],
  },
  "port-of-health": {
    problems: [
      'error port-conflict 7:15 Trigger "gate" would listen on port 8082, which is the port of health (healthCheck.listenAddress): choose another',
    ],
  },
  "port-out-of-range": { problems: ['error bad-value 7:15 "port" must be a whole number from 0 to 65535, not 70000'] },
  "port-with-fraction": {
    problems: ['error bad-value 7:15 "port" must be a whole number from 0 to 65535, not 5051.5'],
  },
  "processing-options-as-list": {
    problems: ['error wrong-type 7:9 "processingOptions" must be a map (keys below it, indented), not a list'],
  },
  "runtime-of-another-version": {
    problems: [
      'error bad-value 3:12 "runtime" is a known runtime (ruby) that is not served here. This version serves kubeless, kyma, nodejs, python, and without a runtime it goes by the function\'s exports',
    ],
  },
  "several-documents": {
    problems: [
      'error several-documents 3:1 The file holds several documents: keep one and remove the others after "---"',
    ],
  },
  "several-duplicates": {
    problems: [
      'error duplicate-key 3:3 "handler" is given twice, first in line 2: remove one',
      'error duplicate-key 5:3 "RUNTIME" and "runtime" are the same key, because case does not count: remove one',
    ],
  },
  "several-problems": {
    problems: [
      'warning no-effect 5:3 "minReplicas" has no effect here: it is for the platform that deploys the function',
      'error wrong-type 9:19 "maxWorkers" must be a number, not "4": remove the quotes',
      'error bad-value 11:15 "type" must be preprocessor, postprocessor, wrapprocessor or observeprocessor, not "wrapprocesor" - did you mean "wrapprocessor"?',
      'error bad-value 12:15 "port" must be a whole number from 0 to 65535, not 70000',
      'error bad-value 13:18 "timeout" needs a unit: write "5s" or "5ms"',
      'warning unknown-key 14:9 "onErorr" is not a known key under spec.triggers.gate.attributes and is ignored - did you mean "onError"?',
      'error wrong-type 16:22 "logStream" must be true or false, not "maybe"',
      `error unsupported-kind 17:20 The trigger kind "mqtt" is known, but this version does not serve it. It serves: ${servedKinds}`,
    ],
  },
  "shutdown-timeout-unreadable": {
    problems: [
      'error bad-value 7:34 "gracefulShutdownTimeout" must be a number of seconds or a duration such as "15s", not "soon"',
    ],
  },
  "socket-mode-not-octal": {
    problems: ['error bad-value 9:17 "mode" must be three octal digits such as "0660", not "rw-rw----"'],
  },
  "socket-without-path": {
    problems: ['error missing-key 7:9 "path" is missing: Path of the unix socket. More workers add .1, .2, … to it'],
  },
  "source-in-base64-with-syntax-error": {
    problems: ["error syntax-error 5:25 Line 2, column 16 of the source: Unexpected }"],
  },
  "source-is-a-list": {
    problems: [
      'error wrong-type 4:5 "functionSourceCode" must be text, not a list',
      'warning no-effect 5:5 "commands" has no effect here: it is for the platform that deploys the function',
      'warning unknown-key 6:5 "functionSourcecodes" is not a known key under spec.build and is ignored - did you mean "functionSourceCode"?',
    ],
  },
  "source-in-python-with-syntax-error": {
    environment: { PATH: process.env["PATH"] ?? "" },
    problems: ["error syntax-error 7:18 invalid syntax…"],
  },
  "source-with-path-as-handler": {
    problems: [
      'error function-not-found 3:12 "../main:handler" names no function of a source in the configuration: write "module:function", as in "main:handler"',
    ],
  },
  "source-with-syntax-error": { problems: ["error syntax-error 7:42 Unexpected ;"] },
  "switch-as-text": { problems: ['error wrong-type 7:23 "allowRouting" must be true or false, not "maybe"'] },
  "tab-indentation": { problems: ["error yaml-syntax 2:1 Lines are indented with spaces, not with tabs"] },
  "timeout-with-unknown-unit": {
    problems: ['error bad-value 7:18 "timeout" has the unknown unit "sec": use ms, s, m or h'],
  },
  "timeout-without-unit": { problems: ['error bad-value 7:18 "timeout" needs a unit: write "4s" or "4ms"'] },
  "timeout-zero": { problems: ['error bad-value 7:18 "timeout" must be longer than 0, not "0s"'] },
  "tls-file-missing": {
    problems: ["error unreadable-file 8:17 <folder>/missing.pem does not exist: a relative path starts at <folder>"],
  },
  "tls-is-a-switch": { problems: ['error wrong-type 7:14 "tls" must be a map (keys below it, indented), not true'] },
  "tls-without-key": { problems: ['error missing-key 7:9 "key" is missing: Private key, PEM'] },
  "top-level-triggers": {
    problems: [
      'warning unknown-key 3:1 "triggers" is not a known key at the top level and is ignored: it belongs under spec',
    ],
  },
  "trigger-is-text": {
    problems: ['error wrong-type 4:11 "gate" must be a map (keys below it, indented), not "extproc"'],
  },
  "trigger-option-among-attributes": {
    problems: [
      'warning unknown-key 7:9 "numWorkers" is not a known key under spec.triggers.gate.attributes and is ignored: it belongs under spec.triggers.gate',
    ],
  },
  "trigger-without-kind": {
    problems: [`error missing-key 4:5 "kind" is missing: The kind of the trigger: ${servedKinds}`],
  },
  "triggers-is-a-list": {
    problems: ['error wrong-type 3:3 "triggers" must be a map: a name for each trigger, and below it the trigger'],
  },
  "type-with-other-contract": {
    problems: ['error bad-value 8:19 "contract" does not go with `type`: the Digital Hub types run Nuclio handlers'],
  },
  "unclosed-bracket": { problems: ["error yaml-syntax 3:8 This bracket is not closed: add its other half"] },
  "unclosed-interpolation": {
    problems: [
      'error bad-interpolation 7:15 A "${" is not closed or not followed by a name: write ${NAME} or ${NAME:-default}, or "$${" for the characters themselves',
    ],
  },
  "unclosed-quote": { problems: ["error yaml-syntax 2:12 This quote is not closed: add its other half"] },
  "unknown-key": {
    problems: [
      'warning unknown-key 2:3 "handeler" is not a known key under spec and is ignored - did you mean "handler"?',
    ],
  },
  "unknown-runtime": {
    problems: [
      'error bad-value 3:12 "runtime" is not a known runtime - did you mean "nodejs"? This version serves kubeless, kyma, nodejs, python, and without a runtime it goes by the function\'s exports',
    ],
  },
  "unset-variable": {
    problems: [
      "error unset-variable 7:15 The environment variable GATE_PORT is not set: set it, or write ${GATE_PORT:-default}",
    ],
  },
  "workers-in-quotes": {
    problems: ['error wrong-type 6:19 "numWorkers" must be a number, not "4": remove the quotes'],
  },
  "workers-negative": { problems: ['error bad-value 6:19 "numWorkers" must be a whole number from 0 to 256, not -1'] },
  "workers-too-many": {
    problems: ['error bad-value 6:19 "maxWorkers" must be a whole number from 0 to 256, not 1000'],
  },
};
