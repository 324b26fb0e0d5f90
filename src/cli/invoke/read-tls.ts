/** The certificates of `processor invoke`. */
import { type CommandArguments, CommandError } from "../command.ts";
import type { TlsFiles } from "./open-stream.ts";

/** Null when no option speaks of TLS. */
export function readTls(args: CommandArguments): TlsFiles | null {
  const files = {
    ca: args.option("ca") ?? null,
    cert: args.option("cert") ?? null,
    key: args.option("key") ?? null,
    serverName: args.option("server-name") ?? null,
  };
  if ((files.cert === null) !== (files.key === null)) throw new CommandError("--cert and --key go together", 2);
  const implied = Object.values(files).some((value) => value !== null);
  return args.has("tls") || implied ? files : null;
}
