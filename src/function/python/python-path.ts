/** Where Python looks for modules besides the function's own directory. */

/** `NUCLIO_PYTHON_PATH`, "/opt/nuclio" when unset, then `PYTHONPATH`. */
export function pythonPath(environment: Readonly<Record<string, string | undefined>>): string[] {
  const given = [environment["NUCLIO_PYTHON_PATH"] || "/opt/nuclio", environment["PYTHONPATH"] ?? ""];
  return given.flatMap((path) => path.split(":")).filter((path) => path !== "");
}
