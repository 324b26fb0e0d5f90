/** What of a request's header section decides how its call is served. */
import type { FieldLines } from "../http2/contract.ts";

export interface RequestFields {
  readonly path: string;
  readonly method: string;
  readonly contentType: string | undefined;
  readonly timeout: string | undefined;
  readonly encoding: string | undefined;
}

/** Reads it in one pass; of a repeated field the first line counts. */
export function readRequestFields(fields: FieldLines): RequestFields {
  let path: string | undefined;
  let method: string | undefined;
  let contentType: string | undefined;
  let timeout: string | undefined;
  let encoding: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    switch (fields[i] ?? "") {
      case ":path":
        path ??= fields[i + 1];
        break;
      case ":method":
        method ??= fields[i + 1];
        break;
      case "content-type":
        contentType ??= fields[i + 1];
        break;
      case "grpc-timeout":
        timeout ??= fields[i + 1];
        break;
      case "grpc-encoding":
        encoding ??= fields[i + 1];
        break;
    }
  }
  return { path: path ?? "", method: method ?? "", contentType, timeout, encoding };
}
