/** Which cells run: all of them, or the selection that fits into every run of the tests. */
import { bodyShapes } from "./bodies.ts";
import { type Cell, type Protocol, type Side, acts, modes, policies } from "./cells.ts";

const sides: readonly Side[] = ["request", "response"];
const protocols: readonly Protocol[] = ["HTTP/1.1", "HTTP/2"];

export function allCells(): Cell[] {
  return modes.flatMap((mode) =>
    acts.flatMap((act) =>
      (act === "throw" || act === "slow" ? policies : policies.slice(0, 1)).flatMap((policy) =>
        sides.flatMap((side) =>
          protocols.flatMap((protocol) => bodyShapes.map((body) => ({ mode, body, act, policy, side, protocol }))),
        ),
      ),
    ),
  );
}

/** Every cell with a small body, and a diagonal of the large ones: each mode, act and side meets some of them. */
export function someCells(): Cell[] {
  return allCells().filter((cell, index) => {
    const turn = Math.floor(index / bodyShapes.length);
    if (cell.body === "1 MiB") return turn % 4 === 0;
    if (cell.body === "8 MiB") return turn % 9 === 0;
    return true;
  });
}

/** For Envoy's defaults: one protocol each, turn by turn, and some of the bodies that fill its buffers or outgrow them. */
export function someDefaultCells(): Cell[] {
  const shapes = bodyShapes.length;
  return allCells().filter(({ body }, index) => {
    const turn = Math.floor(index / shapes);
    if (body === "1 MiB" || body === "8 MiB") return turn % 7 === 0;
    return (index + turn) % 2 === 0;
  });
}
