import { expect, test } from "bun:test";
import { nameParameters } from "./inspect.ts";

const methods = {
  fetch(request: Request) {
    return request;
  },
  async later(req: Request, _server: unknown) {
    return req;
  },
};

test.each<[readonly string[], (...parameters: never[]) => unknown]>([
  [["request"], (request: unknown) => request],
  [["req"], async (req: unknown) => req],
  [["req", "other"], async (req: unknown, other: unknown) => [req, other]],
  [
    ["exchange", "next"],
    function named(exchange: unknown, next: unknown) {
      return [exchange, next];
    },
  ],
  [
    ["exchange"],
    async function (exchange: unknown) {
      return exchange;
    },
  ],
  [["request"], methods.fetch],
  [["req", "_server"], methods.later],
  [[""], () => "nothing"],
  [[""], ({ headers }: { headers: unknown }, next: unknown) => [headers, next]],
  [[""], Math.max],
])("the parameters are %p", (names, run) => {
  expect(nameParameters(run)).toEqual(names);
});
