/** The sections of the benchmark, the only list of them all. */
import type { Section } from "./bench.ts";
import { bodiesThroughEnvoy } from "./sections/bodies.ts";
import { coldStarts } from "./sections/cold-start.ts";
import { headersOnly, pingPong } from "./sections/direct.ts";
import { envoyBenchmarkShapes } from "./sections/envoy-shapes.ts";
import { python } from "./sections/python.ts";
import { coldStart } from "./sections/start.ts";
import { throughEnvoy } from "./sections/through-envoy.ts";
import { webServers } from "./sections/web.ts";

export const sections: readonly Section[] = [
  pingPong,
  headersOnly,
  envoyBenchmarkShapes,
  throughEnvoy,
  coldStart,
  bodiesThroughEnvoy,
  webServers,
  python,
  coldStarts,
];
