/** SETTINGS: which values are legal and what both sides start from (RFC 9113 section 6.5). */
import { putUint32, uint16At, uint32At } from "./bytes.ts";
import { ErrorCode } from "./contract.ts";

export const Setting = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
} as const;

export const DEFAULT_WINDOW_BYTES = 65_535;
export const DEFAULT_MAX_FRAME_BYTES = 16_384;
export const DEFAULT_HEADER_TABLE_BYTES = 4_096;
export const MAX_WINDOW_BYTES = 0x7fffffff;
const LARGEST_FRAME_BYTES = 0xffffff;
const ENTRY_BYTES = 6;

/** What the peer told us, as far as a server that never pushes has use for it. */
export interface PeerSettings {
  headerTableBytes: number;
  initialWindowBytes: number;
  maxFrameBytes: number;
}

export function initialPeerSettings(): PeerSettings {
  return {
    headerTableBytes: DEFAULT_HEADER_TABLE_BYTES,
    initialWindowBytes: DEFAULT_WINDOW_BYTES,
    maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
  };
}

/** Takes the entries of one SETTINGS payload over, in order. Returns the connection error of an illegal one, else NO_ERROR. */
export function applySettings(payload: Uint8Array, start: number, end: number, peer: PeerSettings): ErrorCode {
  if ((end - start) % ENTRY_BYTES !== 0) return ErrorCode.FRAME_SIZE_ERROR;
  for (let at = start; at < end; at += ENTRY_BYTES) {
    const value = uint32At(payload, at + 2);
    switch (uint16At(payload, at)) {
      case Setting.HEADER_TABLE_SIZE:
        peer.headerTableBytes = value;
        break;
      case Setting.ENABLE_PUSH:
        if (value > 1) return ErrorCode.PROTOCOL_ERROR;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES) return ErrorCode.FLOW_CONTROL_ERROR;
        peer.initialWindowBytes = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < DEFAULT_MAX_FRAME_BYTES || value > LARGEST_FRAME_BYTES) return ErrorCode.PROTOCOL_ERROR;
        peer.maxFrameBytes = value;
        break;
    }
  }
  return ErrorCode.NO_ERROR;
}

/** The payload of a SETTINGS frame that announces `entries`. */
export function encodeSettings(entries: readonly (readonly [setting: number, value: number])[]): Uint8Array {
  const payload = new Uint8Array(entries.length * ENTRY_BYTES);
  let at = 0;
  for (const [setting, value] of entries) {
    payload[at] = setting >>> 8;
    payload[at + 1] = setting;
    putUint32(payload, at + 2, value);
    at += ENTRY_BYTES;
  }
  return payload;
}
