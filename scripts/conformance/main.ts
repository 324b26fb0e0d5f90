/**
 * `bun run conformance [part…]`: what takes longer than tests should, or needs tools a newcomer has not: published
 * conformance suites, clients in other languages, full volume, attacks, the image. Every part runs even after a
 * failure; exit code 1 when any failed. Needs Go and the Debian packages .ci/run installs.
 */
import { join } from "node:path";
import { buildExecutable, repositoryRoot } from "../build.ts";

interface Part {
  readonly name: string;
  /** One line for --help. */
  readonly help: string;
  readonly script: string;
}

const parts: readonly Part[] = [
  { name: "h2spec", help: "HTTP/2 conformance, strict, cleartext and TLS", script: "scripts/conformance/h2spec.ts" },
  { name: "interop", help: "gRPC interoperability cases with grpc-go's client", script: "test/interop/run.ts" },
  { name: "grpcurl", help: "reflection and health with a Go client", script: "scripts/conformance/grpcurl.ts" },
  { name: "property", help: "100,000 random exchanges against a model of Envoy", script: "test/property/run.ts" },
  { name: "codings", help: "content codings with gzip, brotli and zstd", script: "scripts/conformance/codings.ts" },
  { name: "volume", help: "200,000 requests and 20,000 bodies through each Envoy", script: "test/e2e/volume.ts" },
  { name: "matrix", help: "every body mode, body and behaviour through each Envoy", script: "test/e2e/matrix/main.ts" },
  { name: "attacks", help: "attacks and resets at frame level", script: "scripts/conformance/attacks.ts" },
  {
    name: "python",
    help: "Python handlers with nuclio-sdk and msgpack installed",
    script: "scripts/conformance/python.ts",
  },
  {
    name: "bad-input",
    help: "a thousand of every bad request, for each contract",
    script: "scripts/conformance/bad-input.ts",
  },
  { name: "image", help: "the distroless image, built and run", script: "scripts/conformance/image.ts" },
  { name: "core", help: "in the place of Digital Hub Core's processor", script: "scripts/conformance/core.ts" },
];

const asked = process.argv.slice(2);
if (asked.includes("--help")) {
  console.log("bun run conformance [part…]\n");
  for (const { name, help } of parts) console.log(`  ${name.padEnd(10)} ${help}`);
  process.exit(0);
}
const unknown = asked.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(", ")} (there are ${parts.map((part) => part.name).join(", ")})`);
  process.exit(1);
}

await buildExecutable({ onBuild: () => console.log("building dist/processor…") });
const results: { name: string; passed: boolean; seconds: number }[] = [];
for (const { name, help, script } of parts.filter((part) => asked.length === 0 || asked.includes(part.name))) {
  console.log(`\n== ${name}: ${help}`);
  const started = performance.now();
  const command = [process.execPath, join(repositoryRoot, script)];
  const code = await Bun.spawn(command, { cwd: repositoryRoot, stdio: ["ignore", "inherit", "inherit"] }).exited;
  results.push({ name, passed: code === 0, seconds: (performance.now() - started) / 1000 });
}

console.log("\n== conformance");
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? "pass" : "FAIL"}  ${name.padEnd(10)} ${seconds.toFixed(0).padStart(4)} s`);
}
const failed = results.filter((result) => !result.passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
