/**
 * Metadata: field lines as services see them. Names ending in "-bin" carry bytes in base64, with or without padding, and
 * several values of one name may be joined by commas.
 */
import type { FieldLines } from "../http2/contract.ts";
import type { CallMetadata } from "./contract.ts";

export type MetadataEntries = readonly (readonly [name: string, value: string | Uint8Array])[];

/** Names that only the protocol itself may set. */
const RESERVED = new Set(["grpc-status", "grpc-message", "grpc-encoding", "grpc-timeout", "content-type", "te"]);

/** Metadata in received field lines; nothing is decoded before it is asked for. */
export class ReceivedMetadata implements CallMetadata {
  readonly #fields: FieldLines;

  constructor(fields: FieldLines) {
    this.#fields = fields;
  }

  get(name: string): string | undefined {
    return this.getAll(name)[0];
  }

  getAll(name: string): readonly string[] {
    const values: string[] = [];
    for (const [key, value] of this.entries()) if (key === name) values.push(value);
    return values;
  }

  getBinary(name: string): readonly Uint8Array[] {
    return this.getAll(name).flatMap((value) => value.split(",").map((part) => Buffer.from(part.trim(), "base64")));
  }

  *entries(): Generator<readonly [string, string]> {
    for (let i = 0; i + 1 < this.#fields.length; i += 2) {
      const name = this.#fields[i] ?? "";
      if (!name.startsWith(":")) yield [name, this.#fields[i + 1] ?? ""];
    }
  }
}

/** Field lines of metadata to send. Throws a TypeError that names the entry which cannot stand in a header. */
export function encodeMetadata(entries: MetadataEntries): string[] {
  return entries.flatMap(([name, value]) => [checkName(name), encodeValue(name, value)]);
}

function checkName(name: string): string {
  if (!/^[0-9a-z_.-]+$/.test(name) || RESERVED.has(name)) {
    throw new TypeError(`metadata name ${JSON.stringify(name)} is reserved or has other characters than 0-9 a-z _ . -`);
  }
  return name;
}

function encodeValue(name: string, value: string | Uint8Array): string {
  const binary = name.endsWith("-bin");
  if (binary !== (typeof value !== "string")) {
    throw new TypeError(`metadata ${name}: names ending in "-bin" take bytes, all others text`);
  }
  if (typeof value !== "string") return Buffer.from(value).toString("base64").replace(/=+$/, "");
  if (!/^[ -~]*$/.test(value))
    throw new TypeError(`metadata ${name}: the value has characters other than printable ASCII`);
  return value;
}
