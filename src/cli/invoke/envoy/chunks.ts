/** Body bytes in the pieces they came in. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly endOfStream: boolean;
}

/** The chunks as one; it ends the message if the last of them does. */
export function joinChunks(chunks: readonly Chunk[]): Chunk {
  return { bytes: concat(chunks.map(({ bytes }) => bytes)), endOfStream: chunks.at(-1)?.endOfStream === true };
}

export function sizeOfChunks(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}

export function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
