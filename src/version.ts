/** The version of the processor, from package.json, fixed when the executable is built. */
import { version as packageVersion } from "../package.json";

export const version: string = packageVersion;
