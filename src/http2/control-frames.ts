/** The frames that carry no part of a request (RFC 9113 sections 6.3 to 6.9). */
import { Budget } from "./abuse-budget.ts";
import { uint31At, uint32At } from "./bytes.ts";
import { ErrorCode } from "./contract.ts";
import { openSendWindow } from "./flow-control.ts";
import { FrameFlag } from "./frame-header.ts";
import type { Session } from "./session.ts";

/** All methods return false when the session is over and nothing more is to be read. */
export class ControlFrames {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Priorities are ignored (RFC 9113 section 5.3.2), but not nonsense. */
  onPriority(streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const session = this.#session;
    if (streamId === 0) return session.protocolError("PRIORITY for the connection");
    if (end - start !== 5) {
      if (session.streams.get(streamId) !== undefined) return session.streamError(streamId, ErrorCode.FRAME_SIZE_ERROR);
      return session.fail(ErrorCode.FRAME_SIZE_ERROR, "PRIORITY of a wrong length");
    }
    if (uint31At(bytes, start) === streamId) return session.protocolError("a stream depends on itself");
    return session.charge(Budget.IGNORED_FRAMES);
  }

  onReset(streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const session = this.#session;
    if (end - start !== 4) return session.fail(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM of a wrong length");
    const stream = session.streams.get(streamId);
    if (stream === undefined) {
      if (session.streams.isIdle(streamId)) return session.protocolError("RST_STREAM for an idle stream");
      // Envoy ends and resets a stream at once: what its end was answered with need not even leave.
      session.output.takeBack(streamId);
      return session.charge(Budget.LATE_FRAMES);
    }
    const isWasted = !stream.hasBody && !stream.remoteEnded;
    session.closeStream(stream);
    stream.deliverReset(uint32At(bytes, start) as ErrorCode);
    return isWasted ? session.charge(Budget.RAPID_RESET) : !session.isOver;
  }

  onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const session = this.#session;
    if (streamId !== 0) return session.protocolError("SETTINGS for a stream");
    if ((flags & FrameFlag.ACK) !== 0) {
      if (end !== start) return session.fail(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS acknowledgement with a payload");
      session.settingsAcknowledged = true;
      return true;
    }
    session.prefaceComplete = true;
    if (!session.charge(Budget.SETTINGS)) return false;
    const error = session.sender.applySettings(bytes, start, end, session.streams.all());
    if (error !== ErrorCode.NO_ERROR) return session.fail(error, "illegal SETTINGS");
    session.output.writeSettingsAck();
    session.outputWritten();
    session.pump();
    return !session.isOver;
  }

  onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const session = this.#session;
    if (streamId !== 0) return session.protocolError("PING for a stream");
    if (end - start !== 8) return session.fail(ErrorCode.FRAME_SIZE_ERROR, "PING of a wrong length");
    if ((flags & FrameFlag.ACK) !== 0) {
      session.onPingAcknowledged(bytes, start);
      return !session.isOver;
    }
    if (!session.charge(Budget.PING)) return false;
    session.output.writePing(bytes, start, true);
    session.outputWritten();
    return true;
  }

  /** It says which of our streams the peer refuses, and we open none. */
  onGoaway(streamId: number, start: number, end: number): boolean {
    const session = this.#session;
    if (streamId !== 0) return session.protocolError("GOAWAY for a stream");
    if (end - start < 8) return session.fail(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY too short");
    return session.charge(Budget.IGNORED_FRAMES);
  }

  onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const session = this.#session;
    if (end - start !== 4) return session.fail(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE of a wrong length");
    const increment = uint31At(bytes, start);
    if (!session.charge(Budget.WINDOW_UPDATE)) return false;
    if (streamId === 0) {
      if (increment === 0) return session.protocolError("WINDOW_UPDATE of 0");
      if (!session.sender.openWindow(increment)) {
        return session.fail(ErrorCode.FLOW_CONTROL_ERROR, "the connection's window overflows");
      }
      session.pump();
      return !session.isOver;
    }
    const stream = session.streams.get(streamId);
    if (stream === undefined) {
      return !session.streams.isIdle(streamId) || session.protocolError("WINDOW_UPDATE for an idle stream");
    }
    if (increment === 0) return session.streamError(streamId, ErrorCode.PROTOCOL_ERROR);
    stream.sendWindow = openSendWindow(stream.sendWindow, increment);
    if (stream.sendWindow === Number.NEGATIVE_INFINITY) {
      return session.streamError(streamId, ErrorCode.FLOW_CONTROL_ERROR);
    }
    while (stream.pump());
    return !session.isOver;
  }
}
