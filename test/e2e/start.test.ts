/** What a newcomer sees of `npm start`. */
import { expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/build.ts";
import { envoyPath, executablePath } from "../support/executable.ts";
import { startProcess } from "../support/process.ts";

test("npm start shows the function's work, logs the exchange and leaves nothing behind", async () => {
  await Promise.all([executablePath(), envoyPath("1.40.0")]);
  const command = [process.execPath, join(repositoryRoot, "scripts", "start.ts")];
  await using start = startProcess({ command, endsChildren: true });
  const line = await start.waitForLine(/curl -i/, 10_000);
  const url = line.trim().split(" ").at(-1) ?? "";
  const response = await fetch(`${url}try`);
  const text = await response.text();
  expect([response.status, response.headers.get("x-hello"), text.includes("x-hello: upstream")]).toEqual([
    200,
    "client",
    true,
  ]);
  expect(await start.waitForLine(/"path":"\/try"/)).toContain('"status":200');
  expect(await start.stop("SIGINT")).toBe(0);
  expect(start.lines.some((found) => found.includes('"ended"'))).toBe(true);
  expect(await fetch(url).catch(() => null)).toBe(null);
}, 30_000);

test("npm start without Python runs the processor alone and says how to send it traffic", async () => {
  await executablePath();
  const clone = await mkdtemp(join(tmpdir(), "clone-"));
  try {
    // A checkout that never fetched an Envoy.
    await cp(join(repositoryRoot, "scripts"), join(clone, "scripts"), { recursive: true });
    for (const name of [
      "src",
      "proto",
      "dist",
      "examples",
      "node_modules",
      "package.json",
      "bun.lock",
      "tsconfig.json",
    ]) {
      await symlink(join(repositoryRoot, name), join(clone, name));
    }
    const command = [process.execPath, join(clone, "scripts", "start.ts")];
    await using start = startProcess({ command, env: { PATH: "/nowhere" }, endsChildren: true });
    expect(await start.waitForLine(/No Envoy here/, 10_000)).toContain("Python 3");
    await start.waitForLine(/envoy -c examples\/hello\/envoy\.yaml/, 10_000);
    expect(await start.stop("SIGINT")).toBe(0);
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
}, 30_000);
