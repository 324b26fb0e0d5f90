/** SIGTERM and SIGINT ask for a graceful end; a second one ends the process at once. */

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** `onFirst` is called once, with the signal's name. */
export function listenForSignals(onFirst: (signal: string) => void): void {
  let asked = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (asked) process.exit(exitCodes[signal]);
      asked = true;
      onFirst(signal);
    });
  }
}
