/** config.core.v3.HeaderMap: the field lines of a message. */
import { WireReader } from "../../../protobuf/reader.ts";
import type { Span } from "./processing-request.ts";

const reader = new WireReader();

/**
 * Decodes a header map to flat field lines, `[name, value, …]`, in arrival order, pseudo headers among them. Values are
 * Latin-1, one character a byte. Envoy fills `raw_value`; `value` counts where a proxy fills only that.
 * @throws WireError when the bytes are no HeaderMap.
 */
export function decodeHeaderMap(span: Span): string[] {
  const lines: string[] = [];
  reader.reset(span.bytes, span.start, span.end);
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const outerEnd = reader.enter();
    let name = "";
    let value = "";
    while (reader.position < reader.end) {
      const field = reader.tag();
      if (field === 0x0a) name = reader.latin1();
      else if (field === 0x1a) value = reader.latin1();
      else if (field === 0x12 && value === "") value = reader.latin1();
      else reader.skip(field);
    }
    reader.leave(outerEnd);
    lines.push(name, value);
  }
  return lines;
}
