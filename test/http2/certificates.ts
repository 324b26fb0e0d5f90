/**
 * Self-signed certificates for localhost and 127.0.0.1, each its own authority. They protect nothing: kept here so that
 * tests need no tool to make them.
 */
import { join } from "node:path";

export interface Certificate {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export async function readCertificate(name: "localhost" | "client" | "stranger"): Promise<Certificate> {
  const certFile = join(import.meta.dir, "certificates", `${name}.cert.pem`);
  const keyFile = join(import.meta.dir, "certificates", `${name}.key.pem`);
  return { cert: await Bun.file(certFile).text(), key: await Bun.file(keyFile).text(), certFile, keyFile };
}
