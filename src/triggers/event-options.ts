/** The event a configuration describes: what `job` and `cron` call the function with. */
import * as v from "valibot";
import type { FieldLines } from "../event/contract.ts";

/** Plain data: it crosses to the worker. */
export interface EventTemplate {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: FieldLines;
  readonly body: string | Uint8Array;
}

/** The option `event`. */
export function eventOption() {
  return v.pipe(
    v.object({
      body: v.optional(
        v.pipe(
          v.unknown(),
          v.metadata({ title: "text or JSON" }),
          v.description("Its body: a text, or anything else, which is sent as `application/json`."),
        ),
      ),
      path: v.optional(v.pipe(v.string(), v.description("Its path, also with a query."))),
      method: v.optional(v.pipe(v.string(), v.description("Its HTTP method."))),
      headers: v.optional(v.pipe(v.record(v.string(), v.string()), v.description("Its headers.")), {}),
    }),
    v.description("The event the function is called with; `${` has no meaning in it."),
    v.transform(({ body, path = "", method = "", headers }): EventTemplate => {
      const [pathOnly = "", ...query] = path.split("?");
      const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
      const isText = body === undefined || body === null || typeof body === "string";
      const typed = isText || lines.some(([name]) => name === "content-type");
      return {
        method,
        path: pathOnly,
        query: query.join("?"),
        headers: typed ? lines : [...lines, ["content-type", "application/json"]],
        body: isText ? (body ?? "") : JSON.stringify(body),
      };
    }),
  );
}
