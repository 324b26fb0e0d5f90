/**
 * The table of behaviours over ext_proc, by the compiled executable: middleware as such, Nuclio and Python handlers as
 * preprocessors. Envoy's model plays both ends, with bodies BUFFERED and an upstream that answers 404 without a body.
 */
import { describe, expect, test } from "bun:test";
import { basename, dirname, join } from "node:path";
import { defaultEnvoyConfig } from "../../src/cli/invoke/envoy/defaults.ts";
import type { HeaderField } from "../../src/cli/invoke/envoy/model.ts";
import { connect } from "../../src/cli/invoke/open-stream.ts";
import { type OpenStream, playExchange } from "../../src/cli/invoke/play.ts";
import { type ExchangeRecord, isCompleted, type ReceivedMessage } from "../../src/cli/invoke/record.ts";
import type { Scenario } from "../../src/cli/invoke/scenario.ts";
import { startProcessor } from "../support/processor.ts";
import { type Behaviour, type BehaviourResult, behaviours } from "./behaviours.ts";
import { byProcess, expectBehaviour, type Given } from "./compare.ts";

const functions = join(import.meta.dir, "../functions");
const runtimes: Readonly<Record<string, string>> = { nuclio: "nodejs:20" };
/** The others answer requests by themselves: none stands between a client and an upstream. */
const contracts = new Set(["middleware", "nuclio", "python"]);
const rows = behaviours.filter((row) => contracts.has(dirname(row.function)) && row.onlyHttp !== true);

/** What shall show: a response at the client, or the request at the upstream. */
type Shown = { readonly at: "client"; readonly result: BehaviourResult } | RequestAtUpstream;
interface RequestAtUpstream {
  readonly at: "upstream";
  /** Null: the request's own. */
  readonly body: string | RegExp | null;
  /** Set on the request; it keeps its own otherwise. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The table says what http sends, or what the handler gives here. Of that ext_proc shows
 *
 * - for middleware the same: the upstream answers as http does with nothing behind it. A time-out is the 500 that `onError`
 *   makes of every failure; http alone has a status of its own for it.
 * - for handlers that fail, which http tells by 500 and 408, the original request: a type's failure changes nothing.
 * - for statuses other than 200 the same, at once: the client has its answer and the upstream hears nothing.
 * - for 200 the request at the upstream, with the result's body and headers: the handler was asked to change it. An empty
 *   body is no change, and text/plain is what http makes of a result without a type, so that the request keeps its own.
 */
function shownByExtproc({ function: file, result, inExtproc = result }: Behaviour): Shown {
  const { status, headers = {}, body } = inExtproc;
  if (dirname(file) === "middleware") {
    return { at: "client", result: status === 408 ? { status: 500, body: "" } : inExtproc };
  }
  if (status === 500 || status === 408) return { at: "upstream", body: null, headers: {} };
  if (status !== 200) return { at: "client", result: inExtproc };
  const { "content-type": type = "text/plain", ...others } = headers;
  const set = type === "text/plain" ? others : headers;
  return { at: "upstream", body: body === "" ? null : body, headers: set };
}

function expectShown(row: Behaviour, record: ExchangeRecord): void {
  const shown = shownByExtproc(row);
  expect({ completed: isCompleted(record), verdicts: record.steps.filter(({ kind }) => kind === "verdict") }).toEqual({
    completed: true,
    verdicts: [],
  });
  if (shown.at === "client") {
    expectBehaviour({ ...row, result: shown.result }, received(record.client));
    if (dirname(row.function) !== "middleware") expect(record.upstream.fields).toBeNull();
    return;
  }
  const { headers: own = {}, body: ownBody = "" } = row.event;
  const headers = { "content-type": "", ...own, ...shown.headers };
  expectBehaviour(
    { ...row, result: { status: 404, headers, body: shown.body ?? ownBody } },
    {
      ...received(record.upstream),
      status: received(record.client).status,
    },
  );
}

/** "content-type" is "" where there is none. */
function received({ fields, chunks }: ReceivedMessage): Given {
  const headers = new Map([["content-type", ""]]);
  for (const [name, values] of Map.groupBy(fields ?? [], ([name]) => name)) {
    headers.set(name, values.map(([, value]) => value).join(", "));
  }
  return { status: Number(headers.get(":status")), headers, body: Buffer.concat(chunks).toString("latin1") };
}

async function play({ event }: Behaviour, open: OpenStream): Promise<ExchangeRecord> {
  const { method = event.body === undefined ? "GET" : "POST", path = "/", headers = {}, body } = event;
  const fields: HeaderField[] = [
    [":method", method],
    [":scheme", "http"],
    [":authority", "test.example"],
    [":path", path],
    ...Object.entries(headers),
  ];
  const scenario: Scenario = {
    envoy: {
      ...defaultEnvoyConfig,
      processingMode: {
        ...defaultEnvoyConfig.processingMode,
        requestBodyMode: "BUFFERED",
        responseBodyMode: "BUFFERED",
      },
      messageTimeoutMs: 5000,
    },
    request: { fields, body: body === undefined ? null : Buffer.from(body, "latin1"), trailers: null },
    response: { fields: [[":status", "404"]], body: null, trailers: null },
    chunkBytes: 16_384,
    context: { attributes: {}, metadata: {} },
  };
  return await playExchange(scenario, open, () => {});
}

for (const { function: file, spec, behaviours: group } of byProcess(rows)) {
  const contract = dirname(file);
  describe(`${contract} ${basename(file)}`, () => {
    test.concurrent(group.map(({ name }) => name).join("; "), async () => {
      await using processor = await startProcessor({
        function: { file: join(functions, file) },
        triggers: { api: contract === "middleware" ? {} : { type: "preprocessor" } },
        spec: { runtime: runtimes[contract] ?? "", ...spec },
      });
      using connection = connect(`127.0.0.1:${processor.port}`, null, []);
      for (const row of group) expectShown(row, await play(row, connection.open));
    });
  });
}
