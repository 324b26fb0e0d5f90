/** The verdicts of one conformance part, a line each. */

export class Checks {
  #failed = 0;

  pass(name: string): void {
    console.log(`pass  ${name}`);
  }

  fail(name: string, reason: string): void {
    this.#failed++;
    console.log(`FAIL  ${name}\n${reason.replace(/^/gm, "      ")}`);
  }

  equal(name: string, found: unknown, expected: unknown): void {
    if (Bun.deepEquals(found, expected)) this.pass(name);
    else this.fail(name, `found    ${Bun.inspect(found)}\nexpected ${Bun.inspect(expected)}`);
  }

  /** Ends the process: exit code 1 when anything failed. */
  finish(): never {
    process.exit(this.#failed === 0 ? 0 : 1);
  }
}
