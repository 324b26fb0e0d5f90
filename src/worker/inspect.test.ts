import { expect, test } from "bun:test";
import { nameFirstParameter } from "./inspect.ts";

const methods = {
  fetch(request: Request) {
    return request;
  },
  async later(req: Request, _server: unknown) {
    return req;
  },
};

test.each<[string, (...parameters: never[]) => unknown]>([
  ["request", (request: unknown) => request],
  ["req", async (req: unknown) => req],
  ["req", async (req: unknown, other: unknown) => [req, other]],
  [
    "exchange",
    function named(exchange: unknown, next: unknown) {
      return [exchange, next];
    },
  ],
  [
    "exchange",
    async function (exchange: unknown) {
      return exchange;
    },
  ],
  ["request", methods.fetch],
  ["req", methods.later],
  ["", () => "nothing"],
  ["", ({ headers }: { headers: unknown }) => headers],
  ["", Math.max],
])("the first parameter is %p", (name, run) => {
  expect(nameFirstParameter(run)).toBe(name);
});
