/** `spec.runtime`: which contract the function follows. */
import { nearest } from "./did-you-mean.ts";

/** What `spec.runtime` may name. */
export const servedRuntimes: readonly string[] = ["kubeless", "kyma", "nodejs", "python"];
const knownElsewhere = ["dotnetcore", "golang", "java", "ruby", "shell"];

/**
 * Why a runtime such as "ruby:3" is not served, completing "<key> …"; null when it is. What is behind the colon does
 * not count.
 */
export function whyNotServed(runtime: string): string | null {
  const family = runtime.split(":")[0]?.toLowerCase() ?? "";
  if (family === "" || servedRuntimes.some((served) => family.startsWith(served))) return null;
  const mend = `This version serves ${servedRuntimes.join(", ")}, and without a runtime it goes by the function's exports`;
  if (knownElsewhere.includes(family)) return `is a known runtime (${family}) that is not served here. ${mend}`;
  const near = nearest(family, [...servedRuntimes, ...knownElsewhere]);
  return `is not a known runtime${near === null ? "." : ` - did you mean "${near}"?`} ${mend}`;
}
