/**
 * Runs the executable as Digital Hub Core does: at /opt/nuclio/processor, as user 8877, with nothing to write to but the
 * shared volume, which is HOME. The rest of the root is this machine's, bound read-only. Needs root.
 */
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../test/support/ports.ts";
import { killRunningProcesses, type RunningProcess, startProcess } from "../../test/support/process.ts";
import { buildExecutable, repositoryRoot } from "../build.ts";
import { Checks } from "./checks.ts";

const user = { uid: 8877, gid: 999 };
const functions = join(repositoryRoot, "test", "reference", "functions", "core");

process.on("exit", killRunningProcesses);
const checks = new Checks();
const scratch = await mkdtemp(join(tmpdir(), "core-"));
const root = join(scratch, "root");
const shared = join(root, "shared");
try {
  const python = await findPython();
  await makeRoot((await buildExecutable()).path, python.prefix);
  await checkJob(python);
  await checkServe(python);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
checks.finish();

interface Python {
  readonly executable: string;
  readonly prefix: string;
}

async function findPython(): Promise<Python> {
  const code = "import os, sys; print(os.path.realpath(sys.executable)); print(sys.base_prefix)";
  const [executable = "", prefix = ""] = (await Bun.$`python3 -c ${code}`.text()).trim().split("\n");
  return { executable, prefix };
}

/** Directories to mount on, and what is no mount: the links of a merged /usr, and the executable. */
async function makeRoot(executable: string, prefix: string): Promise<void> {
  for (const directory of ["usr", "proc", "dev", "tmp", "shared", "etc", "opt/nuclio", prefix]) {
    await mkdir(join(root, directory), { recursive: true });
  }
  for (const name of ["bin", "lib", "lib64"]) await symlink(`usr/${name}`, join(root, name));
  await cp(executable, join(root, "opt/nuclio/processor"));
  await Bun.$`chown ${user.uid}:${user.gid} ${shared}`.quiet();
  await Bun.$`chmod -R go+rX ${scratch}`.quiet();
}

async function share(triggers: object): Promise<void> {
  await cp(functions, shared, { recursive: true });
  const spec = { runtime: "python", handler: "handler:handler", minReplicas: 1, maxReplicas: 1, triggers };
  const document = { apiVersion: "nuclio.io/v1beta1", kind: "NuclioFunction", spec };
  await Bun.write(join(shared, "function.yaml"), JSON.stringify(document));
}

function start({ executable, prefix }: Python, env: Readonly<Record<string, string>>): RunningProcess {
  const binds = ["/usr", "/dev", ...(prefix.startsWith("/usr") ? [] : [prefix])];
  const inside = [
    `mount --bind ${root} ${root}`,
    ...binds.map((directory) => `mount --rbind ${directory} ${root}${directory}`),
    `mount --bind ${shared} ${shared}`,
    `mount -t proc proc ${root}/proc`,
    `mount -o remount,ro,bind ${root}`,
    `exec chroot --userspec=${user.uid}:${user.gid} ${root} /opt/nuclio/processor --config /shared/function.yaml`,
  ].join(" && ");
  return startProcess({
    command: ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inside],
    env: {
      PROJECT_NAME: "shop",
      RUN_ID: "8f1c",
      HOME: "/shared",
      TMPDIR: undefined,
      // Kubernetes does not replace this.
      PYTHONPATH: "${PYTHONPATH}:/shared",
      NUCLIO_PYTHON_EXE_PATH: executable,
      PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: "127.0.0.1:0",
      PROCESSOR_PLATFORM__METRICS__LISTEN_ADDRESS: "127.0.0.1:0",
      ...env,
    },
  });
}

async function checkJob(python: Python): Promise<void> {
  const run = { id: "8f1c", project: "shop", kind: "python+job:run", spec: { parameters: { epochs: 3 } } };
  await share({ job: { kind: "job", attributes: { event: { body: JSON.stringify(run) } } } });
  const [health = 0] = freePorts(1);
  await using job = start(python, {
    PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
  });
  checks.equal("a job ends with 0", { code: await job.exited, log: errorsOf(job) }, { code: 0, log: [] });
  const model = Bun.file(join(shared, "model"));
  checks.equal("it ran with its parameters", (await model.exists()) && (await model.text()), "shop 8f1c 3");
  const left = (await readdir(shared)).filter((name) => name.startsWith(".processor"));
  checks.equal("it leaves nothing of its own in the volume", left, []);
}

async function checkServe(python: Python): Promise<void> {
  await share({ http: { kind: "http", maxWorkers: 2 } });
  const [port = 0, health = 0] = freePorts(2);
  await using served = start(python, {
    PROCESSOR_TRIGGERS__HTTP__ATTRIBUTES__PORT: String(port),
    PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
  });
  await served.waitForLine(/ready in/, 10_000).catch((error: unknown) => checks.fail("it starts", String(error)));
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "order" });
  checks.equal("a served function answers", [response.status, await response.text()], [200, "shop order"]);
  const ready = await fetch(`http://127.0.0.1:${health}/ready`);
  checks.equal("it is ready", ready.status, 200);
  // A change of user makes a process forget that it was to end with its parent: it is ended itself.
  const children = await Bun.file(`/proc/${served.pid}/task/${served.pid}/children`).text();
  process.kill(Number(children.trim()), "SIGTERM");
  checks.equal("SIGTERM ends it with 0", await served.exited, 0);
}

function errorsOf({ lines }: RunningProcess): string[] {
  return lines.filter((line) => !line.startsWith("{") || line.includes('"level":"error"'));
}
