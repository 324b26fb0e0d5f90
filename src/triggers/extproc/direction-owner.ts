/** What a direction needs of the exchange it belongs to. */
import type { Frames } from "../../grpc/contract.ts";
import type { Direction } from "./direction.ts";
import type { RequestPseudo } from "./request-text.ts";
import type { ExtprocService } from "./service.ts";
import type { Phase } from "./wire/processing-request.ts";
import type { AnswerExtras, ModeOverride } from "./wire/processing-response.ts";

export interface DirectionOwner {
  readonly service: ExtprocService;
  /** `send_body_without_waiting_for_header_response`: chunks may be on their way before the headers are answered. */
  readonly bodyComesUnasked: boolean;
  /** Whether the stream ends as soon as this direction is through: the other one is. */
  endsWith(direction: Direction): boolean;
  /** A phase was answered: sends `frame`; null when the stream's end is the answer. */
  answered(direction: Direction, phase: Phase, frame: Frames | null): void;
  /** Sends a message that answers no phase in particular. False: wait for `Direction.onWritable`. */
  send(frame: Frames): boolean;
  /** Stops, and starts again, to take messages from the proxy: its windows fill up. */
  pauseInput(): void;
  resumeInput(): void;
  /** What goes along with the next answer, taken out: dynamic metadata. */
  takeExtras(): AnswerExtras | null;
  /** The override that makes the proxy send this direction's body, or why it would not. */
  bodyOnDemand(direction: Direction): ModeOverride | { readonly refusal: string };
  /** The function's wish cannot be carried out any more: the exchange falls to the failure policy. */
  failed(error: unknown): void;
  /** The original cannot be given back any more either: the stream ends with an error whatever the policy. */
  broken(error: unknown): void;
  /** Something left later than the call that asked for it: the exchange may be over now. */
  progressed(): void;
  /** A pseudo header of the request; from Envoy's attributes when the request was not seen; "" when unknown. */
  requestText(name: RequestPseudo): string;
  /** HTTP allows no body here: responses to HEAD, 204, 304. */
  forbidsBody(direction: Direction): boolean;
  /**
   * The function made such a message of one whose body is here or to come: sent on, its bytes would be taken for the
   * next response.
   */
  losesBody(direction: Direction): boolean;
  /** In observability mode: the function changed something that nobody applies. */
  changedInVain(): void;
  /** `clearRouteCache()` was called; reading takes it. */
  takeClearRouteCache(): boolean;
}
