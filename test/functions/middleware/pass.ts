import type { Middleware } from "digitalhub-processor";

export default (() => {}) satisfies Middleware;
