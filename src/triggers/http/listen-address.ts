/** Where an http trigger listens: its `url` as the reference writes it, else `host` and `port` of its attributes. */
import type { OpenTriggerConfig } from "../contract.ts";
import type { HttpAttributes } from "./attributes.ts";

export interface ListenAddress {
  readonly hostname: string;
  /** 0 = any free port. */
  readonly port: number;
}

export function listenAddress({ url, attributes }: OpenTriggerConfig<HttpAttributes>): ListenAddress {
  const { hostname, port } = attributes;
  return parseListenUrl(url) ?? { hostname, port };
}

/** `:8080`, `127.0.0.1:8080` or `[::1]:8080`; null when it is none of these. */
export function parseListenUrl(url: string): ListenAddress | null {
  const [, bracketed, plain, digits] = LISTEN_URL.exec(url.trim()) ?? [];
  if (digits === undefined || Number(digits) > 65_535) return null;
  return { hostname: bracketed ?? (plain || "0.0.0.0"), port: Number(digits) };
}

export function checkListenUrl(url: string): string | null {
  if (url === "" || parseListenUrl(url) !== null) return null;
  return 'must be an address to listen on such as ":8080" or "127.0.0.1:8080"';
}

const LISTEN_URL = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]*)):(\d{1,5})$/;
