/** The table of behaviours over http: by the compiled executable, and by the sources in this process. */
import { describe, test } from "bun:test";
import { basename, dirname, join } from "node:path";
import { startProcessor } from "../support/processor.ts";
import { openHttpTrigger } from "../support/http-trigger.ts";
import { type Behaviour, behaviours } from "./behaviours.ts";
import { byProcess, expectBehaviour, type Given } from "./compare.ts";

const functions = join(import.meta.dir, "../functions");

const runtimes: Readonly<Record<string, string>> = { nuclio: "nodejs:20", kubeless: "kubeless", kyma: "kyma" };

async function ask(url: string, { event }: Behaviour): Promise<Given> {
  const { method = event.body === undefined ? "GET" : "POST", path = "/", headers = {}, body } = event;
  const sent = body === undefined ? {} : { body: Buffer.from(body, "latin1") };
  const response = await fetch(`${url}${path}`, { method, headers: { ...headers }, ...sent });
  const given = new Map(response.headers);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) given.set("set-cookie", cookies.join(", "));
  return { status: response.status, headers: given, body: Buffer.from(await response.bytes()).toString("latin1") };
}

for (const { function: file, spec, behaviours: group } of byProcess(behaviours)) {
  const contract = dirname(file);
  const settings = { runtime: runtimes[contract] ?? "", ...spec };
  describe(`${contract} ${basename(file)}`, () => {
    test.concurrent(`in the executable: ${group.map(({ name }) => name).join("; ")}`, async () => {
      await using processor = await startProcessor({
        kind: "http",
        function: { file: join(functions, file) },
        triggers: { api: contract === "middleware" ? { contract } : {} },
        spec: settings,
      });
      for (const behaviour of group) {
        expectBehaviour(behaviour, await ask(`http://127.0.0.1:${processor.port}`, behaviour));
      }
    });

    test(`from the sources: ${group.map(({ name }) => name).join("; ")}`, async () => {
      await using trigger = await openHttpTrigger({
        file: join(functions, file),
        runtime: settings.runtime,
        eventTimeoutMs: "eventTimeout" in spec ? 300 : 0,
        attributes: contract === "middleware" ? { contract } : {},
      });
      for (const behaviour of group) expectBehaviour(behaviour, await ask(trigger.url, behaviour));
    });
  });
}
