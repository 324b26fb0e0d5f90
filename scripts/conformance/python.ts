/**
 * The tests of Python handlers once more, with Nuclio's own packages installed: what handlers get and give must not depend
 * on them.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../build.ts";

const packages = ["nuclio-sdk==0.6.3", "msgpack==1.2.4"];

const python = await createEnvironment();
const child = Bun.spawn([process.execPath, "test", "test/python"], {
  cwd: repositoryRoot,
  env: { ...process.env, NUCLIO_PYTHON_EXE_PATH: python },
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await child.exited);

/** The interpreter of a virtual environment below `.cache`, made when it is missing. */
async function createEnvironment(): Promise<string> {
  const home = join(repositoryRoot, ".cache", `python-${packages.join("-").replaceAll("==", "-")}`);
  const interpreter = join(home, "bin", "python");
  if (await Bun.file(interpreter).exists()) return interpreter;
  console.log(`installing ${packages.join(" and ")}…`);
  const aside = `${home}.${process.pid}`;
  try {
    await mkdir(join(repositoryRoot, ".cache"), { recursive: true });
    await run(["python3", "-m", "venv", aside]);
    await run([join(aside, "bin", "python"), "-m", "pip", "--disable-pip-version-check", "-q", "install", ...packages]);
    await rename(aside, home);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return interpreter;
}

async function run(command: readonly string[]): Promise<void> {
  const started = Bun.spawn([...command], { stdin: "ignore", stdout: "inherit", stderr: "inherit" });
  if ((await started.exited) !== 0) throw new Error(`failed: ${command.join(" ")}`);
}
