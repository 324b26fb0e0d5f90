/** The table of behaviours as jobs of the compiled executable: what is 2xx ends with 0 and is kept, all else ends with 1. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runToEnd } from "../support/run-to-end.ts";
import { type Behaviour, behaviours } from "./behaviours.ts";

const functions = join(import.meta.dir, "../functions");
const runtimes: Readonly<Record<string, string>> = { kubeless: "kubeless", kyma: "kyma", python: "python" };

/** Null: the behaviour makes sense as a job. */
function whyNoJob({ function: file, event, result, onlyHttp }: Behaviour): string | null {
  if (onlyHttp) return "it is of HTTP";
  if (file.startsWith("middleware/")) return "middleware is for requests on their way";
  if (file === "fetch/nothing.ts") return "a job that is done and says nothing has succeeded";
  if (/[^\x20-\x7e\n]/.test(event.body ?? "")) return "a configuration holds text";
  if (String(result.body).includes('"timeout":180')) return "a job has no time limit of Kubeless' own";
  return null;
}

for (const behaviour of behaviours.filter((each) => whyNoJob(each) === null)) {
  const { name, function: file, event, result, spec } = behaviour;
  const contract = dirname(file);
  const { method = event.body === undefined ? "GET" : "POST", path = "/", headers = {}, body = "" } = event;
  test.concurrent(`${file} ${name}`, async () => {
    const attributes = { event: { method, path, headers, body }, resultFile: "result" };
    const { code, messages, directory } = await runToEnd({
      source: "",
      triggers: { api: { kind: "job", attributes } },
      spec: { handler: join(functions, file), runtime: runtimes[contract] ?? "", ...spec },
    });
    const succeeds = result.status >= 200 && result.status <= 299;
    const outcome = messages.find((message) => /^job "api" (succeeded|failed)/.test(message));
    expect([outcome?.split(" after ")[0], code]).toEqual(
      succeeds ? ['job "api" succeeded', 0] : ['job "api" failed', 1],
    );
    if (!succeeds) return;
    expect(outcome).toStartWith(`job "api" succeeded after N ms: ${result.status}`);
    const kept = readFileSync(join(directory, "result"), "latin1");
    expect(result.body instanceof RegExp && result.body.test(kept) ? result.body : kept).toEqual(result.body);
  });
}

test("of most behaviours there is something to see as a job", () => {
  const left = Map.groupBy(behaviours, (each) => whyNoJob(each) ?? "shown");
  expect(left.get("shown")?.length).toBeGreaterThan(40);
});
