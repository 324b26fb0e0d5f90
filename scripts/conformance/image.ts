/**
 * Builds the image with buildah and runs it as Kubernetes would: as process 1, as user 65532, on a read-only root. The
 * base is made here from nothing but the libraries the executable needs, so that no registry is asked. Needs root.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { freePorts } from "../../test/support/ports.ts";
import { killRunningProcesses, startProcess } from "../../test/support/process.ts";
import { buildExecutable, repositoryRoot } from "../build.ts";
import { Checks } from "./checks.ts";

const buildahEnvironment = { STORAGE_DRIVER: "vfs", BUILDAH_ISOLATION: "chroot" };
const base = "localhost/processor-base";
const image = "localhost/processor";

process.on("exit", killRunningProcesses);
const checks = new Checks();
const scratch = await mkdtemp(join(tmpdir(), "image-"));
let container = "";
try {
  const { path: executable } = await buildExecutable();
  await makeBase(executable);
  const arguments_ = ["--format", "docker", "--file", "Dockerfile.distroless", "--build-arg", `BASE=${base}`];
  await buildah("bud", "--quiet", ...arguments_, "--tag", image, ".");
  checks.pass("Dockerfile.distroless builds");

  container = await buildah("from", image);
  const root = await buildah("mount", container);
  const added = await filesBelow(root);
  checks.equal(
    "the image adds the executable and nothing else",
    added.difference(await filesBelow(scratch)),
    new Set(["/processor"]),
  );
  await checkConfiguration();
  await checkRun(root);
} finally {
  if (container !== "") await buildah("rm", container);
  await buildah("rmi", "--force", image, base).catch(() => {}); // Not built when something failed before.
  await rm(scratch, { recursive: true, force: true });
}
checks.finish();

/** An image of the libraries alone. `/proc` and `/function` are there to be mounted over. */
async function makeBase(executable: string): Promise<void> {
  const listed = await run(["ldd", executable]);
  const libraries = [...listed.matchAll(/(\/\S+\.so\S*) \(/g)].map((match) => match[1] ?? "");
  for (const library of libraries) {
    await mkdir(join(scratch, dirname(library)), { recursive: true });
    await Bun.write(join(scratch, library), Bun.file(library));
    await run(["chmod", "755", join(scratch, library)]);
  }
  for (const directory of ["proc", "function"]) await mkdir(join(scratch, directory));
  // Where the distribution keeps /lib below /usr the loader looks there too.
  if (!libraries.some((library) => library.startsWith("/usr/"))) {
    await mkdir(join(scratch, "usr"));
    await symlink("../lib", join(scratch, "usr", "lib"));
  }
  const from = await buildah("from", "scratch");
  await buildah("copy", "--quiet", from, scratch, "/");
  await buildah("commit", "--quiet", "--rm", from, base);
  checks.pass(`a base of ${libraries.length} libraries: ${libraries.map((library) => basename(library)).join(", ")}`);
}

async function checkConfiguration(): Promise<void> {
  const inspected = JSON.parse(await buildah("inspect", "--type", "image", image)) as {
    Docker: { config: { User?: string; Entrypoint?: string[] } };
  };
  const { User: user, Entrypoint: entry } = inspected.Docker.config;
  checks.equal("it runs the executable as user 65532", [user, entry], ["65532:65532", ["/processor"]]);
}

async function checkRun(root: string): Promise<void> {
  const [port = 0, health = 0] = freePorts(2);
  const example = join(repositoryRoot, "examples", "hello");
  const inside = [
    `mount --bind ${root} ${root}`,
    `mount --bind ${example} ${root}/function`,
    `mount -o remount,ro,bind ${root}/function`,
    `mount -t proc proc ${root}/proc`,
    `mount -o remount,ro,bind ${root}`,
    `exec chroot --userspec=65532:65532 ${root} /processor --config /function/processor.yaml`,
  ].join(" && ");
  await using child = startProcess({
    command: ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inside],
    env: {
      PROCESSOR_TRIGGERS__HELLO__ATTRIBUTES__PORT: String(port),
      PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
      PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: "127.0.0.1:0",
      PROCESSOR_PLATFORM__METRICS__LISTEN_ADDRESS: "127.0.0.1:0",
    },
  });
  await child.waitForLine(/ready in/, 10_000).catch((error: unknown) => checks.fail("it starts", String(error)));
  const executable = join(repositoryRoot, "dist", "processor");
  const asked = await run([executable, "health", `127.0.0.1:${port}`]);
  checks.equal("it serves as process 1 on a read-only root", asked.trim(), `127.0.0.1:${port} is ready`);

  const pid = Number((await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")).trim());
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:\\t(.*)$`, "m").exec(status)?.[1]?.split("\t").at(-1);
  checks.equal("it is process 1 of its namespace and user 65532", [field("NSpid"), field("Uid")], ["1", "65532"]);
  process.kill(pid, "SIGTERM");
  checks.equal("SIGTERM ends it with 0", await child.exited, 0);
}

async function filesBelow(directory: string): Promise<Set<string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return new Set(files.map((entry) => join(entry.parentPath, entry.name).slice(directory.length)));
}

function buildah(...words: string[]): Promise<string> {
  return run(["buildah", ...words]);
}

/** Standard output of a command; throws with all it said when it fails. */
async function run(command: string[]): Promise<string> {
  const options = { cwd: repositoryRoot, env: { ...process.env, ...buildahEnvironment } };
  const child = Bun.spawn(command, { ...options, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout.trim();
}
