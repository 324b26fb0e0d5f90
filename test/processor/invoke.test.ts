/** `processor invoke` as a user runs it: against a function file and against a running processor. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { executablePath } from "../support/executable.ts";
import { freePort } from "../support/ports.ts";
import { startProcessor } from "../support/processor.ts";

const source = `
export default async (exchange, next) => {
  const { pathname } = exchange.request.url;
  if (pathname === "/deny") return new Response("no", { status: 403 });
  if (pathname === "/events") {
    const events = async function* () { for (const n of [1, 2, 3]) { await Bun.sleep(20); yield Buffer.from("data: " + n + "\\n\\n"); } };
    return new Response(ReadableStream.from(events()), { headers: { "content-type": "text/event-stream" } });
  }
  if (pathname === "/slow") await Bun.sleep(2000);
  if (pathname === "/shout") exchange.request.body = (await exchange.request.text()).toUpperCase();
  if (pathname === "/attributes") exchange.request.headers.set("x-source", String(exchange.attributes.get("source.address")));
  console.log("called for " + pathname);
  const response = await next();
  response.headers.set("x-seen", "1");
};
`;
const directory = scratchDirectory({ "function.ts": source, "broken.ts": "export default 5;" });
const functionFile = join(directory, "function.ts");

async function invoke(...args: string[]) {
  const child = Bun.spawn([await executablePath(), "invoke", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: directory,
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  return { code, out, err };
}

interface Report {
  readonly completed: boolean;
  readonly upstream: { readonly fields: [string, string][]; readonly body: object } | null;
  readonly client: { readonly fields: [string, string][]; readonly body: object } | null;
  readonly steps: readonly { readonly kind: string }[];
}

async function report(...args: string[]): Promise<{ code: number; report: Report }> {
  const { code, out } = await invoke(...args, "--json");
  return { code, report: JSON.parse(out) as Report };
}

describe("a function file", () => {
  test("is served for one exchange: messages and results on standard output, its log on standard error", async () => {
    const { code, out, err } = await invoke("function.ts", "--path", "/hello", "-H", "x-a: 1");
    expect(code).toBe(0);
    expect(out).toContain("  →  request headers, end of stream · body modes NONE, NONE\n");
    expect(out).toContain("  ←  response headers: continue\n      = x-seen: 1\n");
    expect(out).toEndWith("The client gets\n      :status: 200\n      x-seen: 1\n\nCompleted.\n");
    expect(err).toContain("called for /hello");
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test.each(["none", "buffered", "buffered-partial", "streamed", "full-duplex"])(
    "changes a body in mode %s, there and back",
    async (mode) => {
      const modes = ["--request-body-mode", mode, "--response-body-mode", mode];
      const args = ["--path", "/shout", "-d", "hello", "--echo", "--chunk-size", "2"];
      const { code, report: found } = await report(functionFile, ...args, ...modes);
      expect([code, found.completed]).toEqual([0, true]);
      expect([found.upstream?.body, found.client?.body]).toEqual([{ text: "HELLO" }, { text: "HELLO" }]);
    },
    20_000,
  );

  test("answers at once, or event by event, without anything going upstream", async () => {
    const denied = await report(functionFile, "--path", "/deny");
    expect([denied.code, denied.report.upstream, denied.report.client?.fields[0]]).toEqual([
      0,
      null,
      [":status", "403"],
    ]);
    const events = await report(functionFile, "--path", "/events");
    expect([events.code, events.report.client?.body]).toEqual([0, { text: "data: 1\n\ndata: 2\n\ndata: 3\n\n" }]);
    expect(events.report.steps.filter(({ kind }) => kind === "received").length).toBeGreaterThanOrEqual(4);
  });

  test("reads attributes", async () => {
    const { report: found } = await report(
      functionFile,
      "--path",
      "/attributes",
      "--attribute",
      "source.address=10.0.0.1:4711",
    );
    expect(found.upstream?.fields).toContainEqual(["x-source", "10.0.0.1:4711"]);
  });

  test("that takes too long fails the exchange", async () => {
    const { code, out } = await invoke(functionFile, "--path", "/slow", "--timeout", "200");
    expect(code).toBe(1);
    expect(out).toContain("messageTimeout");
    expect(out).toEndWith("\nFailed.\n");
  });

  test("that cannot be loaded is an error that says why", async () => {
    const { code, err } = await invoke("broken.ts");
    expect(code).toBe(1);
    expect(err).toStartWith("processor: the function could not be started:\n");
    expect(err).toContain("broken.ts");
  });
});

describe("a running processor", () => {
  test("is invoked by its address and keeps running", async () => {
    await using processor = await startProcessor({ function: { source } });
    for (const address of [`127.0.0.1:${processor.port}`, String(processor.port)]) {
      const { code, report: found } = await report(address, "--path", "/shout", "-d", "hello");
      expect([code, found.upstream?.body]).toEqual([0, { text: "HELLO" }]);
    }
    expect(await processor.stop()).toBe(0);
  });

  test("that is not there is an error that names the address", async () => {
    const address = `127.0.0.1:${freePort()}`;
    const { code, err } = await invoke(address);
    expect([code, err]).toEqual([1, `processor: nobody serves gRPC at ${address}\n`]);
  });
});

test.each([
  [[], "what shall be invoked?"],
  [["nowhere.ts"], '"nowhere.ts" is neither a file nor an address'],
  [["function.ts", "--request-body-mode", "all"], "--request-body-mode is one of"],
  [["function.ts", "--hader", "x: 1"], "unknown option --hader: did you mean --header?"],
])("the command line %j is refused with exit code 2", async (args, message) => {
  const { code, out, err } = await invoke(...args);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(message);
});
