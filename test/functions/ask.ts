/** Sends a request and brings its response into one comparable form. */

export interface Answer {
  readonly status: number;
  /** Without those every response has. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
  const headers = [...response.headers].filter(([name]) => !OF_EVERY_RESPONSE.has(name));
  return { status: response.status, headers: Object.fromEntries(headers), body };
}

export function askJson(url: string, data: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(url, {
    method: "POST",
    body: JSON.stringify(data),
    headers: { "content-type": "application/json", ...headers },
  });
}

const OF_EVERY_RESPONSE = new Set([
  "access-control-allow-origin",
  "connection",
  "content-length",
  "date",
  "transfer-encoding",
]);
