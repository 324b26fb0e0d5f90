/** Command-line tools that are Go modules, built once into `.cache/go`. */
import { join } from "node:path";
import { repositoryRoot } from "../build.ts";

/** Path of the tool's executable. Throws with Go's own words when it cannot be built. */
export async function goTool(module: string, version: string): Promise<string> {
  const directory = join(repositoryRoot, ".cache", "go");
  const name = module.slice(module.lastIndexOf("/") + 1);
  const executable = join(directory, name);
  if (await Bun.file(executable).exists()) return executable;
  if (Bun.which("go") === null) throw new Error(`${name} is built with Go: put \`go\` on the PATH`);
  console.log(`building ${module}@${version}…`);
  const child = Bun.spawn(["go", "install", `${module}@${version}`], {
    env: { ...process.env, GOBIN: directory },
    stdin: "ignore",
    stderr: "pipe",
  });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`go install ${module}@${version}:\n${stderr}`);
  return executable;
}
