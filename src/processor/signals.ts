/** SIGTERM and SIGINT ask for a graceful end; a second one ends the process at once. */

/** What a process that was ended by the signal exits with. */
export const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export type EndSignal = keyof typeof exitCodes;

/** `onFirst` is called once, with the signal's name. */
export function listenForSignals(onFirst: (signal: EndSignal) => void): void {
  let asked = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (asked) process.exit(exitCodes[signal]);
      asked = true;
      onFirst(signal);
    });
  }
}
