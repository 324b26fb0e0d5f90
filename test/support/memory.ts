/** Resident memory of a process as Linux counts it. */

/** Current (`VmRSS`) or peak (`VmHWM`) resident memory in bytes. */
export async function memory(pid: number, what: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  const found = new RegExp(`^${what}:\\s+(\\d+) kB$`, "m").exec(status);
  if (found === null) throw new Error(`the kernel does not tell ${what} of process ${pid}`);
  return Number(found[1]) * 1024;
}

/** Lets the peak begin anew at what is resident now. */
export async function restartPeak(pid: number): Promise<void> {
  await Bun.write(`/proc/${pid}/clear_refs`, "5");
}
