/** What every section of the benchmark is given, and what it gives. */
import type { Figure } from "./figures.ts";
import type { MeasureTimes } from "./measure.ts";

export interface Bench {
  /** The executable that is measured. */
  readonly executable: string;
  /** Takes the files of one run, e.g. configurations. */
  readonly scratch: string;
  readonly rounds: number;
  readonly times: MeasureTimes;
  /** Starts of each contestant where starting is what is measured. */
  readonly starts: number;
  /** Says what is being measured. */
  progress(text: string): void;
}

export interface Section {
  /** One letter; `--only` takes it. */
  readonly id: string;
  readonly title: string;
  run(bench: Bench): Promise<readonly Table[]>;
}

/** Contestants that were measured in turns, and what was found. */
export interface Table {
  /** The first is compared with each of the others. */
  readonly contestants: readonly string[];
  readonly figures: readonly Figure[];
}

/** What one section found. */
export interface SectionResult {
  readonly id: string;
  readonly title: string;
  readonly tables: readonly Table[];
}
