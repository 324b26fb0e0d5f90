/** What a Kyma function may keep for itself while it is loaded has to be there before. */
import { kymaApi } from "./function-api.ts";
import { patchOutgoingCalls } from "./outgoing-calls.ts";
import { provideSdk } from "./sdk.ts";

export function prepareKyma(environment: Readonly<Record<string, string | undefined>>): void {
  patchOutgoingCalls();
  if (kymaApi(environment) === "request") provideSdk();
}
