/** The contestant: bare Bun.serve with the function of the executable. Argument: port. */
import handler from "../functions/fetch.ts";

Bun.serve({ hostname: "127.0.0.1", port: Number(process.argv[2]), fetch: handler.fetch });
