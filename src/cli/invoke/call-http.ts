/** Calls a function over HTTP. */
import type { Call, CallRecord } from "./call.ts";
import { createAnswer } from "./call.ts";

export interface HttpTarget {
  /** Scheme, host, port, and a path where the call names none. */
  readonly url: URL;
  /** PEM files; null: the system's authorities and no own certificate. */
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
    readonly serverName: string | null;
  } | null;
}

/** Never rejects: what goes wrong is the record's problem. Statuses from 400 on are one. */
export async function callHttp({ url, tls }: HttpTarget, call: Call): Promise<CallRecord> {
  const startedAt = performance.now();
  try {
    const response = await fetch(call.path === null ? url : new URL(call.path, url), {
      method: call.method ?? (call.body === null ? "GET" : "POST"),
      headers: call.fields.map(([name, value]): [string, string] => [name, value]),
      body: call.body === null ? null : new Uint8Array(call.body),
      redirect: "manual",
      signal: AbortSignal.timeout(call.timeoutMs),
      ...(tls !== null && { tls: await readTls(tls) }),
    });
    const body = await response.bytes();
    const tookMs = performance.now() - startedAt;
    const answer = createAnswer(response.status, [...response.headers], body);
    return { answer, problem: response.status < 400 ? null : `status ${response.status}`, tookMs };
  } catch (error) {
    return { answer: null, problem: describe(error, url, call), tookMs: performance.now() - startedAt };
  }
}

async function readTls({ ca, cert, key, serverName }: NonNullable<HttpTarget["tls"]>) {
  return {
    ...(ca !== null && { ca: Bun.file(ca) }),
    ...(cert !== null && { cert: Bun.file(cert) }),
    ...(key !== null && { key: Bun.file(key) }),
    ...(serverName !== null && { serverName }),
  };
}

function describe(error: unknown, { host }: URL, { timeoutMs }: Call): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (error instanceof Error && error.name === "TimeoutError") return `no whole answer within ${timeoutMs} ms`;
  if (/ConnectionRefused|ECONNREFUSED/u.test(code)) return `nobody listens at ${host}`;
  return error instanceof Error ? error.message : String(error);
}
