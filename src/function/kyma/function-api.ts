/** Which of Kyma's two ways a function is written in. */

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * - `event`: `main(event, context, callback)`; what it returns is the answer.
 * - `request`: `main(request, response)` as in express, with the module `sdk`; from Node.js 26 on.
 */
export type KymaApi = "event" | "request";

export function kymaApi(environment: Environment): KymaApi {
  const [, version] = /^nodejs(\d+)/.exec(environment["FUNC_RUNTIME"] ?? "") ?? [];
  return Number(version ?? 0) >= 26 ? "request" : "event";
}
