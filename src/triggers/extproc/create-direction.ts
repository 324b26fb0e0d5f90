/** The direction for a body mode. */
import { BodyMode, type ProtocolConfig } from "./body-mode.ts";
import { BufferedDirection } from "./buffered-direction.ts";
import type { DirectionOwner } from "./direction-owner.ts";
import type { Direction } from "./direction.ts";
import { DuplexDirection } from "./duplex-direction.ts";
import { ObservedDirection } from "./observed-direction.ts";
import { StreamedDirection } from "./streamed-direction.ts";

/**
 * @param config what the proxy announced; without it bodies are not asked for, and those that come all the same are
 *   answered one by one, which fits every mode that waits for answers.
 */
export function createDirection(
  owner: DirectionOwner,
  isRequest: boolean,
  config: ProtocolConfig | null,
  isObserved: boolean,
): Direction {
  const mode = (isRequest ? config?.requestBodyMode : config?.responseBodyMode) ?? BodyMode.NONE;
  if (isObserved) return new ObservedDirection(owner, isRequest, BodyMode.STREAMED);
  switch (mode) {
    case BodyMode.STREAMED:
      return new StreamedDirection(owner, isRequest, mode);
    case BodyMode.FULL_DUPLEX_STREAMED:
    case BodyMode.GRPC:
      return new DuplexDirection(owner, isRequest, mode);
    case BodyMode.NONE:
    case BodyMode.BUFFERED:
    case BodyMode.BUFFERED_PARTIAL:
      return new BufferedDirection(owner, isRequest, mode);
  }
}
