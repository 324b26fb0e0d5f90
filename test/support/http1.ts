/**
 * HTTP/1.1 messages byte for byte (RFC 9112): names keep their case, repeated lines stay apart, in the order received.
 * Shared by the tests' client and upstream.
 */

/** Field lines as they stood on the wire. */
export type FieldLine = readonly [name: string, value: string];

export interface MessageHead {
  /** "GET / HTTP/1.1" or "HTTP/1.1 200 OK". */
  readonly startLine: string;
  readonly headers: readonly FieldLine[];
}

export interface MessageEvents {
  onHead(head: MessageHead): void;
  onBody(bytes: Uint8Array): void;
  /** The message is complete. */
  onEnd(trailers: readonly FieldLine[]): void;
  /** Bytes after a switch of protocols. */
  onTunnel(bytes: Uint8Array): void;
}

export interface MessageParser {
  push(bytes: Uint8Array): void;
  /** The peer closed: ends a body without a length of its own. Returns whether a message was cut off. */
  close(): boolean;
}

type State = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "until-close" | "tunnel";

/** `hasBody` decides for messages that may have none whatever their headers say (answers to HEAD, 204, 304). */
export function openParser(events: MessageEvents, hasBody: (head: MessageHead) => boolean = () => true): MessageParser {
  let state: State = "head";
  let pending: Uint8Array = new Uint8Array(0);
  let remaining = 0;
  let trailers: FieldLine[] = [];

  const end = (): void => {
    state = "head";
    const fields = trailers;
    trailers = [];
    events.onEnd(fields);
  };

  const startBody = (head: MessageHead): void => {
    events.onHead(head);
    const response = head.startLine.startsWith("HTTP/");
    const status = response ? Number(head.startLine.split(" ")[1]) : 0;
    const length = headerValue(head.headers, "content-length");
    const chunked = headerValue(head.headers, "transfer-encoding")?.toLowerCase() === "chunked";
    if (status === 101) state = "tunnel";
    else if (response && status < 200) state = "head";
    else if (!hasBody(head) || status === 204 || status === 304) end();
    else if (chunked) state = "chunk-size";
    else if (length !== undefined) {
      remaining = Number(length);
      state = "length";
      if (remaining === 0) end();
    } else if (response) state = "until-close";
    else end();
  };

  /** Takes one step; false when more bytes are needed. */
  const step = (): boolean => {
    if (state === "tunnel" || state === "until-close") {
      if (pending.length === 0) return false;
      const bytes = pending;
      pending = pending.subarray(pending.length);
      if (state === "tunnel") events.onTunnel(bytes);
      else events.onBody(bytes);
      return true;
    }
    if (state === "length" || state === "chunk") {
      if (pending.length === 0) return false;
      const bytes = pending.subarray(0, remaining);
      pending = pending.subarray(bytes.length);
      remaining -= bytes.length;
      events.onBody(bytes);
      if (remaining > 0) return true;
      if (state === "chunk") state = "chunk-end";
      else end();
      return true;
    }
    if (state === "head") {
      const text = takeUntil("\r\n\r\n");
      if (text === null) return false;
      const [startLine = "", ...lines] = text.split("\r\n");
      startBody({ startLine, headers: lines.map(parseField) });
      return true;
    }
    const line = takeUntil("\r\n");
    if (line === null) return false;
    if (state === "chunk-end") state = "chunk-size";
    else if (state === "chunk-size") {
      remaining = Number.parseInt(line, 16);
      state = remaining === 0 ? "trailers" : "chunk";
    } else if (line === "") end();
    else trailers.push(parseField(line));
    return true;
  };

  const takeUntil = (mark: string): string | null => {
    const buffer = Buffer.from(pending.buffer, pending.byteOffset, pending.byteLength);
    const index = buffer.indexOf(mark, 0, "latin1");
    if (index < 0) return null;
    pending = pending.subarray(index + mark.length);
    return buffer.toString("latin1", 0, index);
  };

  return {
    push: (bytes) => {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      while (step());
    },
    close: () => {
      if (state === "until-close") end();
      return state !== "head" || pending.length > 0;
    },
  };
}

export function headerValue(headers: readonly FieldLine[], name: string): string | undefined {
  return headers.find(([found]) => found.toLowerCase() === name)?.[1];
}

export function headerValues(headers: readonly FieldLine[], name: string): string[] {
  return headers.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value);
}

export function encodeHead(startLine: string, headers: readonly FieldLine[]): Buffer {
  const lines = [startLine, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

export function encodeChunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`, "latin1"), bytes, Buffer.from("\r\n")]);
}

export function encodeLastChunk(trailers: readonly FieldLine[] = []): Buffer {
  const lines = trailers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`0\r\n${lines.join("")}\r\n`, "latin1");
}

function parseField(line: string): FieldLine {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

export function toBytes(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : body;
}
