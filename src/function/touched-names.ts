/** The header names a function touched, and what they are now. A few as a rule: then looking through them beats a Map. */

export interface TouchedName {
  readonly name: string;
  /** No values: deleted. */
  values: string[];
}

/** More names are found by an index. */
const LOOKED_THROUGH = 8;

export class TouchedNames {
  /** In the order in which they were first touched. */
  readonly all: TouchedName[] = [];
  #index: Map<string, TouchedName> | null = null;

  get(name: string): TouchedName | undefined {
    if (this.#index !== null) return this.#index.get(name);
    const { all } = this;
    for (let i = 0; i < all.length; i++) {
      const touched = all[i];
      if (touched !== undefined && touched.name === name) return touched;
    }
    return undefined;
  }

  set(name: string, values: string[]): void {
    const touched = this.get(name);
    if (touched !== undefined) {
      touched.values = values;
      return;
    }
    const added = { name, values };
    this.all.push(added);
    if (this.#index !== null) this.#index.set(name, added);
    else if (this.all.length > LOOKED_THROUGH) this.#index = new Map(this.all.map((each) => [each.name, each]));
  }
}
