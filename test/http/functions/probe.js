/** Behaves as the path asks. */
const { writeFileSync, existsSync } = require("node:fs");

exports.handler = async (context, event) => {
  switch (event.path) {
    case "/slow":
      await Bun.sleep(300);
      return "slow";
    case "/breaks":
      return (async function* () {
        yield "a row\n";
        await Bun.sleep(20);
        throw new Error("no more rows");
      })();
    case "/never":
      return new Promise(() => {});
    case "/file": {
      const path = event.fields.path;
      if (event.fields.content !== undefined) writeFileSync(path, event.fields.content);
      const headers = { "X-nuclio-filestream-path": path, "X-Kept": "yes" };
      if (event.fields.remove !== undefined) headers["X-Nuclio-FileStream-Delete-After-Send"] = "1";
      return new context.Response("", headers, "text/csv", 200);
    }
    case "/exists":
      return String(existsSync(event.fields.path));
    case "/bad-status":
      return [100, "no"];
    case "/bad-header":
      return new context.Response("a", { "X-Bad": "a\r\nX-Injected: b" });
    default:
      context.logger.info("called");
      return { method: event.method, length: event.body.length, headers: event.headers };
  }
};
