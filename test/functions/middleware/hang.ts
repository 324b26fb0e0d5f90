import type { Middleware } from "digitalhub-processor";

export default (() => new Promise<void>(() => {})) satisfies Middleware;
