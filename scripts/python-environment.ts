/** Python packages for tests and benchmarks: each set lives in a virtual environment of its own. */
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Makes the environment with exactly these requirements (`name==version`) in the place of an older one. Throws with the
 * words of Python or pip; `purpose` ends the sentence "Python 3 with its venv module is needed to …".
 */
export async function makePythonEnvironment(
  home: string,
  requirements: readonly string[],
  purpose: string,
): Promise<void> {
  // Installed aside and renamed, so that an interrupted download leaves nothing that looks complete.
  const aside = `${home}.${process.pid}`;
  try {
    await mkdir(dirname(home), { recursive: true });
    await run(["python3", "-m", "venv", aside], `Python 3 with its venv module is needed to ${purpose}`);
    const pip = [join(aside, "bin", "python3"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"];
    await run([...pip, ...requirements], `pip could not install ${requirements.join(", ")}`);
    await rm(home, { recursive: true, force: true });
    await rename(aside, home);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function run(command: readonly string[], complaint: string): Promise<void> {
  const [program = ""] = command;
  if (Bun.which(program) === null) throw new Error(`${complaint}: no ${program} on this machine`);
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${complaint}:\n${stdout}${stderr}`.trimEnd());
}
