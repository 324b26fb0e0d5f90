/** Why the processor cannot start, in words for the user. */
import type { StartProblem } from "../worker/contract.ts";

export class StartError extends Error {
  override readonly name = "StartError";
  readonly problem: StartProblem;
  constructor(problem: StartProblem) {
    super(problem.message);
    this.problem = problem;
  }
}
