/** The executable under test: the compiled one, as users get it. */
import { buildExecutable } from "../../scripts/build.ts";
import { type EnvoyVersion, fetchEnvoy } from "../../scripts/fetch-envoy.ts";

let built: Promise<string> | undefined;

/** Path of `dist/processor`, built first when it is missing or older than its sources. */
export function executablePath(): Promise<string> {
  built ??= buildExecutable({ onBuild: () => console.log("building dist/processor…") }).then((result) => result.path);
  return built;
}

const fetched = new Map<EnvoyVersion, Promise<string>>();

/** Path of a real Envoy, fetched first when it is missing. */
export function envoyPath(version: EnvoyVersion): Promise<string> {
  let path = fetched.get(version);
  if (path === undefined) {
    path = fetchEnvoy(version, { onFetch: () => console.log(`fetching Envoy ${version} into .cache…`) });
    fetched.set(version, path);
  }
  return path;
}
