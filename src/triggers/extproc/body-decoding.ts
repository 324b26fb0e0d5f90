/** A received body as functions read it: within the limits and decoded of its content codings. */
import { type FieldReader, undoableCodings } from "../../compression/body-fields.ts";
import { decodeBody } from "../../compression/decode-body.ts";
import { ExchangeError } from "../../function/errors.ts";
import type { ExtprocAttributes } from "./attributes.ts";

/**
 * At once where nothing is coded, so that plain bodies cost no promise.
 * @param received what the body arrived with.
 * @throws ExchangeError `BODY_TOO_LARGE` or `BODY_UNDECODABLE`, or rejects with it.
 */
export function decodeMessageBody(
  bytes: Uint8Array,
  received: FieldReader,
  direction: "request" | "response",
  settings: ExtprocAttributes,
): Uint8Array | Promise<Uint8Array> {
  const { maxBodyBytes } = settings;
  if (bytes.length > maxBodyBytes) throw tooLarge(`the ${direction} body is longer than ${maxBodyBytes} bytes`);
  if (!settings.processing.decompressBodies) return bytes;
  const codings = undoableCodings(received);
  return codings.length === 0 ? bytes : undoCodings(bytes, codings, direction, settings);
}

async function undoCodings(
  bytes: Uint8Array,
  codings: readonly string[],
  direction: "request" | "response",
  settings: ExtprocAttributes,
): Promise<Uint8Array> {
  const limits = { maxBytes: settings.maxBodyBytes, maxExpansionRatio: settings.maxExpansionRatio };
  const result = await decodeBody(bytes, codings, limits);
  if ("body" in result) return result.body;
  const text = `the ${direction}'s body: ${result.message}`;
  throw result.failure === "too-large" ? tooLarge(text) : new ExchangeError("BODY_UNDECODABLE", text);
}

function tooLarge(what: string): ExchangeError {
  return new ExchangeError("BODY_TOO_LARGE", `${what}: see perRequestBodyBufferBytes`);
}
