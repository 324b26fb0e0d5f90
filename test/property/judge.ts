/** The rules an interleaving must keep, whatever happened in it. */
import type { BodySendMode, HeaderField, Side, Verdict } from "../../src/cli/invoke/envoy/model.ts";
import type { Played } from "./play.ts";
import { type Promised, mapped, show } from "./run-program.ts";
import { type MessageScript, type Scenario, wholeBody } from "./scenario.ts";

/** What Envoy must never have to say of this processor. */
const FORBIDDEN: ReadonlySet<Verdict> = new Set([
  "spurious",
  "rejectedMutation",
  "mutationError",
  "contentLengthMismatch",
  "brokenEnd",
  "lostBytes",
]);

/** Every rule that was broken, in words. */
export function judge(played: Played): string[] {
  return [
    ...played.violations,
    ...played.run.wrongReads,
    ...judgeVerdicts(played),
    ...judgeMessage(played, "request"),
    ...judgeMessage(played, "response"),
    ...judgeOutcome(played),
  ];
}

function judgeVerdicts({ verdicts, scenario, disturbed, timeMoved }: Played): string[] {
  return verdicts.flatMap(({ verdict, text, afterEnd }) => {
    if (FORBIDDEN.has(verdict)) {
      // Bytes that were on their way when the client left, or Envoy's timer fired, are nobody's fault.
      return verdict === "lostBytes" && (disturbed || timeMoved) ? [] : [`envoy says ${verdict}: ${text}`];
    }
    const late = afterEnd && !scenario.envoy.observabilityMode;
    return verdict === "ignored" && !late ? [`envoy ignores an answer: ${text}`] : [];
  });
}

function judgeMessage(played: Played, side: Side): string[] {
  const { scenario, seen } = played;
  const { fields, chunks, ended, broken } = seen[side];
  const found: string[] = broken === null ? [] : [`${side}: ${broken}`];
  if (fields === null || isStreamedReply(played, side)) return found;
  const script = scenario[side];
  if (side === "response" && played.verdicts.some(({ verdict }) => verdict === "tooLarge")) return found;
  const body = Buffer.concat(chunks);
  const original = Buffer.from(wholeBody(script));
  const wanted = wantedBody(played, side);
  const allowed = mayPass(played, side) ? [wanted, original] : [wanted];
  const right = allowed.some((bytes) => (ended ? bytes.equals(body) : bytes.subarray(0, body.length).equals(body)));
  const isLost = interrupted(played) && (isDrained(played, side) || isFailedOpen(played, side));
  if (!right && !isLost && !isCutUnseen(played, side)) {
    const expected = allowed.map((bytes) => show(bytes)).join(" or ");
    found.push(`${side} body arrives as ${show(body)}${ended ? "" : " so far"}, expected ${expected}`);
  }
  return [...found, ...judgeHeaders(played, side, fields), ...judgeTrailers(played, side)];
}

function judgeHeaders(played: Played, side: Side, fields: readonly HeaderField[]): string[] {
  const original = comparable(played.scenario[side].fields);
  const promised = played.run[side];
  const changed = comparable(promised.headers.reduce<readonly HeaderField[]>((now, change) => change(now), original));
  const wanted = played.sent.has(`${side} headers`) && !played.scenario.envoy.observabilityMode ? changed : original;
  const found = comparable(fields);
  const allowed = mayPass(played, side) ? [wanted, original] : [wanted];
  if (allowed.some((expected) => Bun.deepEquals(expected, found))) return [];
  return [`${side} headers arrive as ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`];
}

/** In an order that does not depend on where a changed line stands, without the length, which is Envoy's affair. */
function comparable(fields: readonly HeaderField[]): HeaderField[] {
  return fields
    .filter(([name]) => name !== "content-length")
    .toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
}

function judgeTrailers(played: Played, side: Side): string[] {
  const { trailers, ended } = played.seen[side];
  const original = played.scenario[side].trailers;
  if (!ended) return [];
  if (original === null) return trailers === null ? [] : [`${side} trailers out of nothing`];
  const wanted = played.run[side].trailers.reduce<readonly HeaderField[]>((now, change) => change(now), original);
  const passes = mayPass(played, side) || played.scenario.envoy.observabilityMode;
  const allowed = passes ? [wanted, original] : [wanted];
  if (allowed.some((expected) => Bun.deepEquals(expected, trailers))) return [];
  return [`${side} trailers arrive as ${JSON.stringify(trailers)}, expected ${JSON.stringify(wanted)}`];
}

function judgeOutcome(played: Played): string[] {
  const { run, seen, localReply, clientReset, scenario, service } = played;
  if (interrupted(played)) return [];
  const found: string[] = [];
  const answered = localReply !== null || clientReset || isStreamedReply(played, "response");
  if (!answered && !seen.response.ended) found.push("the client never got the whole response");
  if (!answered && !scenario.withoutRequest && !scenario.answersEarly && !seen.request.ended) {
    found.push("the upstream never got the whole request");
  }
  const broke =
    run.state === "threw" ||
    run.garbage ||
    run.hangs ||
    run.request.bodyFails ||
    run.response.bodyFails ||
    run.responded?.fails === true;
  if (!failed(played)) {
    if (run.responded !== null && !scenario.envoy.observabilityMode) found.push(...judgeResponded(played));
    else if (localReply !== null || clientReset) {
      found.push(`nothing failed, and the client got ${localReply?.status ?? "a reset"}`);
    }
  } else if (!broke && service.failures.every((reason) => reason === "threw")) {
    found.push("the function did nothing wrong, and a failure was counted");
  }
  return found;
}

function judgeResponded({ run, localReply, clientReset, scenario, seen, verdicts }: Played): string[] {
  const { responded } = run;
  // What a function still asks of the response after it answered may let it go.
  if (responded === null || responded.fails || run.program.late.length > 0) return [];
  // A request that went on for its trailers may have been the last Envoy wanted.
  if (verdicts.some(({ verdict, afterEnd }) => verdict === "ignored" && afterEnd)) return [];
  // Envoy keeps the response headers to itself: they may have gone before the function answered.
  const isResponseUnseen = scenario.envoy.processingMode.responseHeaderMode === "SKIP";
  if (isResponseUnseen && (clientReset || scenario.answersEarly)) return [];
  const wanted = isHead(scenario) ? "" : responded.body;
  if (localReply === null) {
    const body = Buffer.concat(seen.response.chunks).toString("latin1");
    const status = seen.response.fields?.find(([name]) => name === ":status")?.[1];
    const right = seen.response.ended && status === String(responded.status) && body === wanted;
    return right
      ? []
      : [`the function answered ${responded.status} ${responded.body}, the client got ${status} ${body}`];
  }
  const right = localReply.status === responded.status && localReply.body === responded.body;
  return right
    ? []
    : [
        `the function answered ${responded.status} ${responded.body}, the client got ${localReply.status} ${localReply.body}`,
      ];
}

/** The client's response is one the function streams. */
function isStreamedReply({ seen }: Played, side: Side): boolean {
  return side === "response" && seen.response.fields?.some(([name]) => name === "x-made") === true;
}

/** The function failed, or what it wanted could not be carried out: the failure policy decided. */
function failed({ service, run }: Played): boolean {
  return service.failures.length > 0 || run.state === "threw" || run.hangs || run.garbage;
}

/** The original is right as well: the function failed, was cut short, or answered itself. */
function mayPass(played: Played, side: Side): boolean {
  return failed(played) || interrupted(played) || (side === "request" && played.run.responded !== null);
}

/** Something from outside cut the exchange short, or it was over for Envoy before the function was. */
function interrupted(played: Played): boolean {
  const { disturbed, timeMoved, outlived, verdicts } = played;
  const tooLarge = verdicts.some(({ verdict }) => verdict === "tooLarge" || verdict === "modeOverrideIgnored");
  return disturbed || timeMoved || outlived || tooLarge || slips(played, "request") || slips(played, "response");
}

/** While the processor shuts down a duplex response that is just coming may be lost: its stream has to end. */
function isDrained({ scenario }: Played, side: Side): boolean {
  return scenario.disturbance === "drain" && bodyMode(scenario, side) === "FULL_DUPLEX_STREAMED";
}

/** Chunks taken out of a STREAMED body are lost when Envoy's own timer fires and failures are allowed. */
function isFailedOpen({ scenario, verdicts }: Played, side: Side): boolean {
  return bodyMode(scenario, side) === "STREAMED" && verdicts.some(({ verdict }) => verdict === "failedOpen");
}

function bodyMode({ envoy }: Scenario, side: Side): BodySendMode {
  return side === "request" ? envoy.processingMode.requestBodyMode : envoy.processingMode.responseBodyMode;
}

/**
 * A STREAMED body that ends in trailers Envoy does not send: the processor learns of the end only from what follows, when
 * the bytes it kept for the last chunk can go nowhere.
 */
function isCutUnseen({ scenario, sent, program }: Played, side: Side): boolean {
  if (bodyMode(scenario, side) !== "STREAMED" || scenario[side].trailers === null || sent.has(`${side} trailers`))
    return false;
  const keeps = ["read", "assign", "assignStream", "transform"];
  return program.steps.some((step) => "side" in step && step.side === side && keeps.includes(step.do));
}

/**
 * A message without body that ends in trailers Envoy does not send: after the answer to its headers that asks for the body
 * the processor hears nothing more of it, and it goes on as it is.
 */
function slips({ scenario, sent }: Played, side: Side): boolean {
  const { chunks, trailers } = scenario[side];
  return chunks?.length === 0 && trailers !== null && !sent.has(`${side} trailers`);
}

function wantedBody(played: Played, side: Side): Buffer {
  const script = played.scenario[side];
  const original = Buffer.from(wholeBody(script));
  const promised: Promised = played.run[side];
  const unseen = !["headers", "body", "trailers"].some((phase) => played.sent.has(`${side} ${phase}`));
  if (unseen || played.scenario.envoy.observabilityMode) return original;
  if (forbidsBody(played, side, script)) return Buffer.alloc(0);
  if (promised.body === null) return original;
  if (promised.body.kind === "bytes") return Buffer.from(promised.body.bytes);
  return Buffer.from(mapped(promised.body.mapping, original));
}

/** HTTP allows no body here; a function may give a 204 another status. */
function forbidsBody({ scenario, run }: Played, side: Side, { fields }: MessageScript): boolean {
  if (side === "request") return false;
  const seesMethod = scenario.envoy.processingMode.requestHeaderMode === "SEND" && !scenario.withoutRequest;
  if (seesMethod && isHead(scenario)) return true;
  const changed = run.response.headers.reduce<readonly HeaderField[]>((now, change) => change(now), fields);
  return changed.some(([name, value]) => name === ":status" && (value === "204" || value === "304"));
}

function isHead({ request }: Scenario): boolean {
  return request.fields.some(([name, value]) => name === ":method" && value === "HEAD");
}
