/** Why a function cannot be loaded, in words for its author. */

/** Stable. */
export type FunctionLoadErrorCode =
  | "BAD_HANDLER"
  | "FUNCTION_NOT_FOUND"
  | "NOT_SUPPORTED"
  | "BAD_ARCHIVE"
  | "CANNOT_UNPACK"
  | "SYNTAX_ERROR"
  | "IMPORT_NOT_FOUND"
  | "THROWN_AT_IMPORT"
  | "NO_EXPORT"
  | "SEVERAL_EXPORTS"
  | "INIT_CONTEXT_FAILED"
  | "CONTRACT_MISMATCH"
  | "PYTHON_NOT_FOUND"
  | "WRAPPER_NOT_FOUND";

/** The message has one to three lines, or one more for each place looked at, and names file and line where known. */
export class FunctionLoadError extends Error {
  override readonly name = "FunctionLoadError";
  readonly code: FunctionLoadErrorCode;
  /** Path of the setting that mends it; null when the mend is in the function. */
  readonly setting: string | null;
  constructor(code: FunctionLoadErrorCode, setting: string | null, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.setting = setting;
  }
}
