/**
 * Envoy answers 500, whatever its failure mode, to header changes that are too many or make the headers too large
 * (`header_mutation_operation_count_exceeds_limit`, `header_mutation_result_exceeds_limit`): they are refused here first.
 */
import type { ChangedLine, HeaderChanges } from "../../function/header-list.ts";
import type { ExtprocAttributes } from "./attributes.ts";
import type { HeaderMap } from "./wire/header-map.ts";

/** The least a field line takes in a header map. */
const LEAST_LINE_BYTES = 8;

/** What Envoy would refuse the changes for; null when it would not. */
export function headersExcess(
  received: HeaderMap | null,
  changes: HeaderChanges,
  { maxHeaderCount, maxHeaderBytes }: ExtprocAttributes,
): string | null {
  const { set, removed } = changes;
  if (set.length > maxHeaderCount || removed.length > maxHeaderCount) {
    const operations = Math.max(set.length, removed.length);
    return `${operations} header changes in one message are more than Envoy takes (${maxHeaderCount}): see maxHeaderCount`;
  }
  const added = textLength(set);
  const encoded = received?.encodedBytes ?? 0;
  if (encoded + added <= maxHeaderBytes && encoded / LEAST_LINE_BYTES + set.length <= maxHeaderCount) return null;
  const { count, bytes } = resultOf(received, changes);
  if (count > maxHeaderCount)
    return `${count} headers are more than Envoy takes (${maxHeaderCount}): see maxHeaderCount`;
  if (bytes > maxHeaderBytes)
    return `${bytes} bytes of headers are more than Envoy takes (${maxHeaderBytes}): see maxHeaderBytes`;
  return null;
}

function textLength(lines: readonly ChangedLine[]): number {
  let length = 0;
  for (let i = 0; i < lines.length; i++) length += (lines[i]?.name.length ?? 0) + (lines[i]?.value.length ?? 0);
  return length;
}

/** The headers as Envoy would have them. */
function resultOf(received: HeaderMap | null, { set, removed }: HeaderChanges): { count: number; bytes: number } {
  const gone = new Set(removed);
  for (const { name, append } of set) if (!append) gone.add(name);
  const lines = received?.lines() ?? [];
  let count = set.length;
  let bytes = textLength(set);
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] ?? "";
    if (gone.has(name)) continue;
    count++;
    bytes += name.length + (lines[i + 1]?.length ?? 0);
  }
  return { count, bytes };
}
