/** Headers mode: what a function does to headers is what upstream and client see, no more and no less. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openHttp2, request } from "../support/client.ts";
import { clientValues, echoed, upstreamValues } from "../support/echo.ts";
import { describeWithEnvoys } from "../support/rig.ts";

const direct = (prefix: string, status: number): object => ({
  match: { prefix },
  direct_response: { status, body: { inline_string: "another route" } },
});

describeWithEnvoys(
  "headers",
  {
    processor: {
      function: { file: join(import.meta.dir, "functions", "headers.ts") },
      triggers: {
        main: { timeout: "4s" },
        pinned: { timeout: "4s", clearRouteCache: "never" },
        routing: { timeout: "4s", allowRouting: true, allowEnvoyHeaders: true },
      },
    },
    listeners: {
      main: { trigger: "main", routes: [direct("/elsewhere", 207)] },
      pinned: { trigger: "pinned", routes: [direct("/elsewhere", 207)] },
      routing: {
        trigger: "routing",
        filter: { mutation_rules: { allow_all_routing: true, allow_envoy: true } },
      },
    },
  },
  (rig) => {
    test("a header set in each direction arrives, and one exchange is one stream of two messages", async () => {
      const response = await request(rig.ports.main, { path: "/both" });
      expect([response.status, upstreamValues(response, "x-function"), clientValues(response, "x-function")]).toEqual([
        200,
        ["request"],
        ["response"],
      ]);
      expect(await rig.countersSince()).toMatchObject({
        streams_started: 1,
        streams_closed: 1,
        stream_msgs_sent: 2,
        stream_msgs_received: 2,
      });
    });

    test("a function that does not await the response closes its exchange early", async () => {
      const response = await request(rig.ports.main, { path: "/request-only" });
      expect([response.status, upstreamValues(response, "x-function")]).toEqual([200, ["request"]]);
      expect(await rig.countersSince()).toMatchObject({
        streams_started: 1,
        stream_msgs_sent: 1,
        stream_msgs_received: 1,
        server_half_closed: 1,
      });
    });

    test("an untouched exchange passes byte for byte", async () => {
      const response = await request(rig.ports.main, {
        method: "POST",
        path: "/untouched?a=1?b=2&c=%20",
        headers: [["x-Case", "Kept  inside"]],
        body: "x".repeat(70_000),
      });
      const echo = echoed(response);
      expect([echo.method, echo.target, echo.length]).toEqual(["POST", "/untouched?a=1?b=2&c=%20", 70_000]);
      expect(upstreamValues(response, "x-case")).toEqual(["Kept  inside"]);
    });

    test("a chunked body passes a function that reads headers only", async () => {
      const response = await request(rig.ports.main, { method: "POST", path: "/both", body: "chunky", chunked: true });
      expect([echoed(response).text, upstreamValues(response, "x-function")]).toEqual(["chunky", ["request"]]);
    });

    test("appending keeps the lines that are there", async () => {
      rig.upstream.answer("/append", (received) => ({
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
        body: JSON.stringify({ headers: received.headers }),
      }));
      const response = await request(rig.ports.main, {
        path: "/append",
        headers: [
          ["x-list", "one"],
          ["X-List", "two"],
        ],
      });
      expect(upstreamValues(response, "x-list")).toEqual(["one", "two", "three"]);
      expect(clientValues(response, "set-cookie")).toEqual(["a=1", "b=2", "c=3"]);
    });

    test("setting replaces every line, and one name may be set to several values", async () => {
      rig.upstream.answer("/replace", (received) => ({
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
        body: JSON.stringify({ headers: received.headers }),
      }));
      const response = await request(rig.ports.main, {
        path: "/replace",
        headers: [
          ["x-list", "old"],
          ["x-list", "older"],
        ],
      });
      expect(upstreamValues(response, "x-list")).toEqual(["first", "second"]);
      expect(clientValues(response, "set-cookie")).toEqual(["x=1", "y=2"]);
    });

    test("deleting finds a header in any case, in both directions", async () => {
      rig.upstream.answer("/remove", (received) => ({
        headers: [["X-Internal", "1"]],
        body: JSON.stringify({ headers: received.headers }),
      }));
      const response = await request(rig.ports.main, { path: "/remove", headers: [["X-Secret", "s"]] });
      expect([upstreamValues(response, "x-secret"), clientValues(response, "x-internal")]).toEqual([[], []]);
    });

    test("a function sees every line in order, and joined where it asks for one value", async () => {
      rig.upstream.answer("/read", () => ({
        headers: [
          ["set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
          ["set-cookie", "b=2"],
        ],
      }));
      const response = await request(rig.ports.main, {
        path: "/read",
        headers: [
          ["X-Twice", "1"],
          ["x-three", "z"],
          ["x-twice", "2"],
        ],
      });
      expect(JSON.parse(clientValues(response, "x-seen")[0] ?? "")).toEqual({
        seen: [
          ["x-twice", "1"],
          ["x-three", "z"],
          ["x-twice", "2"],
        ],
        joined: "1, 2",
        cookies: ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"],
      });
    });

    test("bytes above ASCII in a value come through as they are", async () => {
      const response = await request(rig.ports.main, { path: "/latin1", headers: [["x-latin1", "caf\u00e9 \u00ff"]] });
      expect(upstreamValues(response, "x-copy")).toEqual(["caf\u00e9 \u00ff"]);
    });

    test("a changed path is routed anew", async () => {
      const response = await request(rig.ports.main, { path: "/rewrite" });
      expect([response.status, response.text]).toEqual([207, "another route"]);
    });

    test("with clearRouteCache never a changed path stays on its route", async () => {
      const response = await request(rig.ports.pinned, { path: "/rewrite" });
      expect([response.status, echoed(response).target]).toEqual([200, "/elsewhere?from=function"]);
    });

    test("what Envoy would refuse is refused here, with a code, and the exchange goes on", async () => {
      const response = await request(rig.ports.main, { path: "/forbidden-changes" });
      const refused = "NOT_ALLOWED_BY_ENVOY";
      expect([response.status, clientValues(response, "x-codes")[0]?.split(" ")]).toEqual([
        200,
        [refused, refused, refused, refused, "HEADER_INVALID", "HEADER_INVALID"],
      ]);
    });

    test("with allowRouting and Envoy's consent method, authority and x-envoy headers change", async () => {
      const response = await request(rig.ports.routing, { path: "/routing" });
      const echo = echoed(response);
      expect([echo.method, upstreamValues(response, "host")]).toEqual(["PUT", ["other.example"]]);
    });

    test("a changed status is the client's", async () => {
      expect((await request(rig.ports.main, { path: "/status" })).status).toBe(203);
    });

    test("a function knows the request's id, method, scheme, authority, path and query", async () => {
      const response = await request(rig.ports.main, {
        method: "DELETE",
        path: "/identity?q=1",
        headers: [["x-request-id", "abc-123"]],
      });
      expect(clientValues(response, "x-identity")).toEqual(["abc-123 DELETE http test.example /identity?q=1 ?q=1"]);
    });

    test("HEAD, 204 and 304 answers pass without a body", async () => {
      rig.upstream.answer("/both", (received) => ({
        status: Number(received.headers.find(([n]) => n === "x-want")?.[1]),
      }));
      const statuses: [number, string[], number][] = [];
      for (const [method, want] of [
        ["HEAD", "200"],
        ["GET", "204"],
        ["GET", "304"],
      ] as const) {
        const response = await request(rig.ports.main, { method, path: "/both", headers: [["x-want", want]] });
        statuses.push([response.status, clientValues(response, "x-function"), response.body.length]);
      }
      expect(statuses).toEqual([
        [200, ["response"], 0],
        [204, ["response"], 0],
        [304, ["response"], 0],
      ]);
    });

    test("an HTTP/2 client sees the same", async () => {
      await using client = await openHttp2(rig.ports.main);
      rig.upstream.answer("/append", (received) => ({
        headers: [["set-cookie", "a=1"]],
        body: JSON.stringify({ headers: received.headers }),
      }));
      const response = await client.request({
        method: "POST",
        path: "/append",
        headers: [["x-list", "one"]],
        body: "b",
      });
      expect([upstreamValues(response, "x-list"), clientValues(response, "set-cookie")]).toEqual([
        ["one", "three"],
        ["a=1", "c=3"],
      ]);
    });
  },
);
