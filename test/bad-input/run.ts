/** Sends one kind of bad input again and again, and says what was not as specified. */
import type { BadInput } from "./cases.ts";
import { send } from "./send.ts";
import { Witness } from "./witness.ts";

/** A connection that behaves waits no longer than this for an answer, on a machine busy with the others. */
const witnessLimitMs = 3000;

/** Empty when every one was answered as it must and another connection was served all the while. */
export async function runBadInput(
  port: number,
  { sending, expected, concurrency = 50 }: BadInput,
  times: number,
): Promise<string[]> {
  const wrong = new Map<string, number>();
  const witness = new Witness(port);
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < times) {
      begun++;
      const found = await send(port, sending).catch((error: unknown) => String(error));
      if (!isExpected(found, expected)) wrong.set(found, (wrong.get(found) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, times) }, lane));
  const seen = await witness.report(witnessLimitMs);
  return [
    ...[...wrong].map(([found, count]) => `${count} of ${times}: ${found.slice(0, 300)}`),
    ...(seen === "served" ? [] : [`another connection: ${seen}`]),
  ];
}

function isExpected(found: string, expected: string): boolean {
  return found === expected || found.startsWith(/^\d+$/.test(expected) ? `${expected} ` : expected);
}
