/** `context.Response`: a body with its status and headers. */
import type { NuclioResponse } from "../contract.ts";

export class HandlerResponse implements NuclioResponse {
  body: unknown;
  headers: Record<string, unknown> | null;
  status_code: number;
  body_encoding: "text" | "base64";
  #contentType: string | undefined;

  constructor(
    body: unknown = null,
    headers: Record<string, unknown> | null = null,
    contentType?: string,
    statusCode = 200,
    bodyEncoding: "text" | "base64" = "text",
  ) {
    this.body = body;
    this.headers = headers;
    this.status_code = statusCode;
    this.body_encoding = bodyEncoding;
    this.#contentType = contentType;
  }

  get content_type(): string {
    return this.#contentType ?? "text/plain";
  }

  set content_type(value: string) {
    this.#contentType = value;
  }

  /** Null when the handler left it to the default: then the type of a body that goes on unchanged stays. */
  get givenContentType(): string | null {
    return this.#contentType ?? null;
  }
}
