/** Something that keeps a server busy until it is stopped. The counts only grow. */

export interface Load {
  readonly completed: number;
  /** HTTP answers other than 2xx, streams the server reset or left unanswered, lost connections. */
  readonly failed: number;
  stop(): void;
}

/** Lets the load run for a while and stops it. */
export async function runFor(ms: number, load: Load): Promise<void> {
  await Bun.sleep(ms);
  load.stop();
}
