/** Called on a schedule. The event says when it was due. */
import type { NuclioHandler } from "digitalhub-processor";

const sessions = new Map([
  ["ann", Date.parse("2020-01-01")],
  ["bob", Date.parse("2999-01-01")],
]);

export const handler: NuclioHandler = ({ logger }, event) => {
  for (const [name, expiresAt] of sessions) {
    if (expiresAt > event.timestamp.getTime()) continue;
    sessions.delete(name);
    logger.info(`the session of ${name} is over`);
  }
};
