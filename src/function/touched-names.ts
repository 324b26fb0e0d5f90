/** The header names a function touched, and what they are now. A few as a rule: then looking through them beats a Map. */

export interface TouchedName {
  readonly name: string;
  /** No values: deleted. */
  values: string[];
}

/** More names are kept in a map. */
const LOOKED_THROUGH = 8;

export class TouchedNames {
  readonly #few: TouchedName[] = [];
  #many: Map<string, string[]> | null = null;

  /** In the order in which they were first touched. */
  get all(): readonly TouchedName[] {
    return this.#many === null ? this.#few : Array.from(this.#many, ([name, values]) => ({ name, values }));
  }

  get(name: string): string[] | undefined {
    return this.#many === null ? this.#find(name)?.values : this.#many.get(name);
  }

  set(name: string, values: string[]): void {
    if (this.#many !== null) {
      this.#many.set(name, values);
      return;
    }
    const touched = this.#find(name);
    if (touched !== undefined) touched.values = values;
    else if (this.#few.push({ name, values }) > LOOKED_THROUGH) {
      this.#many = new Map(this.#few.map((each) => [each.name, each.values]));
    }
  }

  #find(name: string): TouchedName | undefined {
    const few = this.#few;
    for (let i = 0; i < few.length; i++) if (few[i]?.name === name) return few[i];
    return undefined;
  }
}
