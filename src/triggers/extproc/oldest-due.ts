/** The direction that has owed its answer the longest; null when it is the proxy's turn. */
import type { Direction } from "./direction.ts";
import { Phase } from "./wire/processing-request.ts";

export function oldestDue(request: Direction, response: Direction): Direction | null {
  if (request.due === Phase.NONE) return response.due === Phase.NONE ? null : response;
  return response.due !== Phase.NONE && response.dueSince < request.dueSince ? response : request;
}
