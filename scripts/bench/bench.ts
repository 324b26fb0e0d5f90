/** What every section of the benchmark is given. */
import type { Contestant } from "./contestants.ts";
import type { Figure, SectionId } from "./figures.ts";
import type { MeasureTimes } from "./measure.ts";

export interface Bench {
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  readonly times: MeasureTimes;
  /** Starts of each contestant in section e. */
  readonly starts: number;
  /** Says what is being measured. */
  progress(text: string): void;
}

export interface Section {
  readonly id: SectionId;
  readonly title: string;
  run(bench: Bench): Promise<Figure[]>;
}
