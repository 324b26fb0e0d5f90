/** Node before 22 cannot run TypeScript. */
import { join, parse } from "node:path";
import { repositoryRoot } from "../build.ts";

/** Path of the module for Node. It stays inside the repository, where it finds its packages. */
export async function bundleForNode(source: string): Promise<string> {
  const outdir = join(repositoryRoot, ".cache", "bench");
  await Bun.build({ entrypoints: [source], target: "node", packages: "external", outdir, naming: "[name].mjs" });
  return join(outdir, `${parse(source).name}.mjs`);
}
