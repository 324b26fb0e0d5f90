/** Addresses of gRPC servers as users write them. */

/** In the form gRPC clients take: ":5051" and "5051" mean this machine. */
export function normaliseGrpcAddress(address: string): string {
  if (/^\d+$/u.test(address)) return `127.0.0.1:${address}`;
  if (address.startsWith(":")) return `127.0.0.1${address}`;
  return address.replace(/^grpc:\/\//u, "");
}

/** Whether a text can only be meant as such an address: a port, host and port, a unix socket, a grpc:// URL. */
export function isGrpcAddress(text: string): boolean {
  return /^(?:unix:.+|grpc:\/\/.+|\d+|(?:[\w.-]*|\[[\da-f:.]+\]):\d+)$/iu.test(text);
}
