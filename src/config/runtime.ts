/** `spec.runtime`: which contract the function follows. */
import type { ConfigProblem } from "./contract.ts";
import { nearest } from "./did-you-mean.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

const served = ["nodejs"];
const knownElsewhere = ["dotnetcore", "golang", "java", "kubeless", "kyma", "python", "ruby", "shell"];

/** The problem with a runtime such as "nodejs:20"; null when it is served. The part behind the colon does not count. */
export function checkRuntime(runtime: string, place: Place): ConfigProblem | null {
  const family = runtime.split(":")[0]?.toLowerCase() ?? "";
  if (family === "" || served.includes(family)) return null;
  const report = (code: string, message: string) => makeProblem("error", code, "spec.runtime", message, place);
  const mend = `This version serves ${served.join(", ")}, and without a runtime it goes by the function's exports`;
  if (knownElsewhere.includes(family)) {
    return report("unsupported-runtime", `The runtime "${family}" is known, but not served. ${mend}`);
  }
  const near = nearest(family, [...served, ...knownElsewhere]);
  const hint = near === null ? "" : ` - did you mean "${near}"?`;
  return report("bad-value", `The runtime is not a known one${hint === "" ? "." : hint} ${mend}`);
}
