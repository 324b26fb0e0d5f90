/** A user's module after loading: which contract it follows and what is called. */
import type { FetchModule, Middleware, NuclioHandler, NuclioInitContext, WebSocketHandlers } from "./contract.ts";

/** Where a function came from: for error messages and the log. */
export interface FunctionOrigin {
  /** The real path of the module. */
  readonly file: string;
  /** The export that is called, e.g. "default" or "handler". */
  readonly exportName: string;
}

/** A function as Kubeless and Kyma call it; Kyma gives a third argument that answers, `callback(body, status, headers)`. */
export type EventHandler = (event: object, context: object, callback?: unknown) => unknown;

/**
 * The user's function. `middleware` runs on proxied and on API traffic alike; `nuclio` and `python` run under the Digital
 * Hub types and every event trigger; the others answer event triggers only.
 */
export type LoadedFunction =
  | { readonly contract: "middleware"; readonly origin: FunctionOrigin; readonly run: Middleware }
  | {
      readonly contract: "fetch";
      readonly origin: FunctionOrigin;
      readonly fetch: FetchModule["fetch"];
      /** Null: it opens no WebSockets. */
      readonly websocket: WebSocketHandlers | null;
    }
  | {
      readonly contract: "nuclio";
      readonly origin: FunctionOrigin;
      readonly handler: NuclioHandler;
      readonly initContext: NuclioInitContext | null;
    }
  | { readonly contract: "kubeless"; readonly origin: FunctionOrigin; readonly handler: EventHandler }
  | { readonly contract: "kyma"; readonly origin: FunctionOrigin; readonly handler: EventHandler }
  /** Runs in processes of its own; `exportName` is the Python function's name. */
  | {
      readonly contract: "python";
      readonly origin: FunctionOrigin;
      /** `module:function`, the module as Python imports it. */
      readonly handler: string;
      /** Where Python looks for it first. */
      readonly directory: string;
    };
