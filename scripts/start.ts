/**
 * `npm start`: the hello example behind a real Envoy, with an upstream that shows what reached it. Runs until Ctrl-C.
 * Without Envoy (no Python or network to fetch it) the processor runs alone.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildExecutable, repositoryRoot } from "./build.ts";
import { type ExamplePorts, moveExamplePorts } from "./example-envoy.ts";
import { EnvoyUnavailableError, envoyVersions, fetchEnvoy } from "./fetch-envoy.ts";

const example = join(repositoryRoot, "examples", "hello");
const [version] = envoyVersions;
const colours = process.stdout.isTTY;
const children: Bun.Subprocess[] = [];
let ending = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end(0));

const { path: executable } = await buildExecutable({ onBuild: () => say("Building the processor (once).") });
const envoy = await findEnvoy();

const upstream = startUpstream(freePort(8080));
const ports: ExamplePorts = {
  listener: freePort(10_000),
  admin: freePort(9901),
  processor: freePort(5051),
  upstream: upstream.port ?? 0,
};
const health = freePort(8082);

start([executable, "--config", join(example, "processor.yaml")], {
  PROCESSOR_TRIGGERS__HELLO__ATTRIBUTES__PORT: String(ports.processor),
  PROCESSOR_TRIGGERS__HELLO__ATTRIBUTES__PROCESSING_OPTIONS__LOG_STREAM: "true",
  PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
  PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: `127.0.0.1:${freePort(8081)}`,
  PROCESSOR_PLATFORM__METRICS__LISTEN_ADDRESS: `127.0.0.1:${freePort(8090)}`,
});
await waitUntilReady(health, "the processor");

if (envoy === null) {
  say(`
The processor runs ${bold("examples/hello/hello.ts")} as an Envoy ext_proc service on port ${ports.processor}.
Send it traffic through an Envoy of yours, with an HTTP server on port 8080 behind it:

    ${bold("envoy -c examples/hello/envoy.yaml")}
    ${bold("curl -i http://127.0.0.1:10000/")}

Ctrl-C ends it.
`);
} else {
  const config = join(repositoryRoot, ".cache", "start", "envoy.yaml");
  await mkdir(join(config, ".."), { recursive: true });
  await Bun.write(config, moveExamplePorts(await Bun.file(join(example, "envoy.yaml")).text(), ports));
  start([envoy, "-c", config, "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"], {});
  await waitUntilReady(ports.admin, "Envoy");
  say(`
Envoy ${version} listens on port ${ports.listener} and shows every request to ${bold("examples/hello/hello.ts")}.
Try it in another terminal:

    ${bold(`curl -i http://127.0.0.1:${ports.listener}/`)}

The upstream's answer shows the header the function gave the request, and curl the one it gave the response.
Each exchange appears below. Ctrl-C ends all.
`);
}

async function findEnvoy(): Promise<string | null> {
  try {
    return await fetchEnvoy(version, { onFetch: () => say(`Fetching Envoy ${version} (once).`) });
  } catch (error) {
    if (!(error instanceof EnvoyUnavailableError)) throw error;
    say(`No Envoy here: ${error.message}`);
    return null;
  }
}

function start(command: string[], env: Record<string, string>): void {
  const child = Bun.spawn(command, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
    // In a process group of its own: Ctrl-C reaches this script alone, which then ends all in order.
    detached: true,
  });
  children.push(child);
  void child.exited.then((code) => {
    if (ending) return;
    say(`${command[0] === envoy ? "Envoy" : "The processor"} ended with exit code ${code}.`);
    void end(1);
  });
}

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  say("");
  for (const child of children) child.kill("SIGTERM");
  const late = setTimeout(() => {
    for (const child of children) child.kill("SIGKILL");
  }, 5000);
  await Promise.all(children.map((child) => child.exited));
  clearTimeout(late);
  process.exit(code);
}

/** Shows what arrived, the way a person reads it. */
function startUpstream(port: number): Bun.Server<undefined> {
  return Bun.serve({
    hostname: "127.0.0.1",
    port,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const lines = [...request.headers].map(([name, value]) => `  ${name}: ${value}`);
      const body = await request.text();
      const shown = [
        `The upstream received: ${request.method} ${pathname}${search}`,
        ...lines,
        ...(body === "" ? [] : ["", body]),
      ];
      return new Response(`${shown.join("\n")}\n`);
    },
  });
}

async function waitUntilReady(port: number, what: string): Promise<void> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline && !ending; await Bun.sleep(20)) {
    const response = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null);
    if (response?.ok === true) return;
  }
  if (!ending) say(`${what} was not ready in time.`);
  await end(1);
}

/** The port itself when nobody listens on it, else any free one. */
function freePort(wanted: number): number {
  for (const port of [wanted, 0]) {
    try {
      const listener = Bun.listen({ hostname: "0.0.0.0", port, socket: { data: () => {} } });
      const found = listener.port;
      listener.stop(true);
      return found;
    } catch {
      // Taken: the next candidate.
    }
  }
  throw new Error("no free TCP port");
}

function say(text: string): void {
  console.log(text);
}

function bold(text: string): string {
  return colours ? `\u001b[1m${text}\u001b[22m` : text;
}
