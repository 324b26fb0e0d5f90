/** The parts of a request's URL, without the cost of parsing it. */

export interface RequestUrl {
  /** Absolute. */
  readonly url: string;
  /** Begins with "/". */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/** @param url As the server gives it: normalised; without an origin when a client of HTTP/1.0 sent no `Host`. */
export function splitUrl(url: string): RequestUrl {
  if (url.startsWith("/")) return splitUrl(`http://localhost${url}`);
  const pathAt = url.indexOf("/", url.indexOf("://") + 3);
  const queryAt = url.indexOf("?", pathAt);
  if (queryAt < 0) return { url, path: url.slice(pathAt), query: "" };
  return { url, path: url.slice(pathAt, queryAt), query: url.slice(queryAt + 1) };
}
