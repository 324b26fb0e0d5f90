import { expect, test } from "bun:test";
import { join } from "node:path";
import { generateDescriptors } from "./build-descriptors.ts";

test("the generated descriptors are up to date with the files under proto/", async () => {
  const written = await Bun.file(join(import.meta.dir, "../src/grpc/descriptors.generated.ts")).text();
  expect(written).toBe(await generateDescriptors());
});
