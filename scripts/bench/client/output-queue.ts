/** Bytes on their way to a socket: gathered during a read pass, written at once, the tail kept until the socket drains. */
import type { Socket } from "bun";
import type { FrameTemplate } from "./script.ts";

export class OutputQueue {
  #bytes = Buffer.allocUnsafe(256 * 1024);
  #start = 0;
  #end = 0;

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Appends a copy of the template for this stream. */
  appendFrames(template: FrameTemplate, streamId: number): void {
    const at = this.#end;
    this.append(template.bytes);
    for (const offset of template.idOffsets) this.#bytes.writeUInt32BE(streamId, at + offset);
  }

  /** Writes what the socket takes; call it again when the socket drains. */
  flush(socket: Socket): void {
    if (this.#start === this.#end) return;
    const taken = socket.write(this.#bytes, this.#start, this.#end - this.#start);
    if (taken > 0) this.#start += taken;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const queued = this.#end - this.#start;
    const bytes = queued + length > this.#bytes.length ? Buffer.allocUnsafe((queued + length) * 2) : this.#bytes;
    this.#bytes.copy(bytes, 0, this.#start, this.#end);
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = queued;
  }
}
