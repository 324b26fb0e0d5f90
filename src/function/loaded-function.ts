/** A user's module after loading: which contract it follows and what is called. */
import type { Middleware, NuclioHandler, NuclioInitContext } from "./contract.ts";

/** Where a function came from: for error messages and the log. */
export interface FunctionOrigin {
  /** The real path of the module. */
  readonly file: string;
  /** The export that is called, e.g. "default" or "handler". */
  readonly exportName: string;
}

/** A request handler as every Web-standard server takes it. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/**
 * The user's function. `middleware` runs on proxied and on API traffic alike; `nuclio` runs under the Digital Hub types
 * and every event trigger; the others answer requests of event triggers.
 */
export type LoadedFunction =
  | { readonly contract: "middleware"; readonly origin: FunctionOrigin; readonly run: Middleware }
  | { readonly contract: "fetch"; readonly origin: FunctionOrigin; readonly fetch: FetchHandler }
  | {
      readonly contract: "nuclio";
      readonly origin: FunctionOrigin;
      readonly handler: NuclioHandler;
      readonly initContext: NuclioInitContext | null;
    };
