/** Behaves as the path asks. */
import { appendFileSync } from "node:fs";
import type { FetchModule } from "digitalhub-processor";

const { JOURNAL = "" } = process.env;

function note(line: string): void {
  if (JOURNAL !== "") appendFileSync(JOURNAL, `${line}\n`);
}

export default {
  async fetch(request, server) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/socket":
        return server.upgrade(request, { data: url.search }) ? undefined : new Response("no", { status: 426 });
      case "/slow":
        await Bun.sleep(300);
        return new Response("slow");
      case "/never":
        request.signal.addEventListener("abort", () => note("aborted"));
        return await new Promise<Response>(() => {});
      case "/ticks":
        return new Response(
          new ReadableStream({
            async pull(controller) {
              await Bun.sleep(10);
              controller.enqueue("tick\n");
            },
            cancel: () => note("cancelled"),
          }),
        );
      case "/count": {
        let length = 0;
        for await (const chunk of request.body ?? []) length += chunk.byteLength;
        return new Response(String(length));
      }
      default:
        return Response.json({ method: request.method, host: server.requestIP(request)?.address });
    }
  },
  websocket: {
    open: (socket) => void socket.send(`hello ${String(socket.data)}`),
    message: (socket, message) => void socket.send(`echo ${message}`),
    close: (_, code) => note(`closed ${code}`),
  },
} satisfies FetchModule;
