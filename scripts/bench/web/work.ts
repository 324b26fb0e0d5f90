/** The work every web server is given, and whether it does it. */
import { encodeRequest } from "../http/request.ts";

const body = JSON.stringify({ name: "Ada", items: [1, 2, 3] });
const answer = { hello: "Ada" };

export const jsonRequest = encodeRequest(body);

/** Asks again and again until somebody listens, and rejects when the answer is not the work's. */
export async function answersOnce(port: number, timeoutMs = 10_000): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; ; await Bun.sleep(1)) {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }).catch(() => null);
    if (response !== null) {
      const text = await response.text();
      if (response.ok && Bun.deepEquals(JSON.parse(text), answer)) return;
      throw new Error(`answered ${response.status}: ${text}`);
    }
    if (performance.now() > deadline) throw new Error(`nobody listened on port ${port} within ${timeoutMs} ms`);
  }
}
