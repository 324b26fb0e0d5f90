/** Reads the PEM files of a trigger that serves TLS. */
import { TriggerError } from "./contract.ts";
import type { TlsFiles } from "./listen-options.ts";

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
}

/** @throws TriggerError `TLS_FILE_UNREADABLE` that names the setting. */
export async function readTls(files: TlsFiles, triggerName: string): Promise<TlsMaterial> {
  const read = async (key: string, file: string): Promise<string> => {
    try {
      return await Bun.file(file).text();
    } catch (error) {
      const setting = `spec.triggers.${triggerName}.attributes.tls.${key}`;
      throw new TriggerError("TLS_FILE_UNREADABLE", setting, `${file} cannot be read`, { cause: error });
    }
  };
  return {
    cert: await read("cert", files.certFile),
    key: await read("key", files.keyFile),
    clientCa: files.clientCaFile === null ? undefined : await read("clientCa", files.clientCaFile),
  };
}
