/** `main(request, response)`: Kyma's functions from Node.js 26 on. They answer by the response; what they return is nothing. */
import type { EventHandler } from "../loaded-function.ts";
import { configureSdk } from "./sdk.ts";
import type { BoundApi, KymaSurroundings } from "./surroundings.ts";

export function bindRequestApi(handler: EventHandler, around: KymaSurroundings): BoundApi {
  configureSdk(around);
  return {
    prepare: (request, response) => () => handler(request, response),
    finish: () => undefined,
    answerFailure(error, response) {
      response.status(500).send(typeof error === "string" ? error : "Internal server error");
    },
  };
}
