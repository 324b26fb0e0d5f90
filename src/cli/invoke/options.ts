/** The options of `processor invoke`. */
import type { CommandOption } from "../command.ts";
import { defaultCallTimeoutMs } from "./read-call.ts";
import { bodyModeNames, defaultChunkBytes, defaultTimeoutMs } from "./read-scenario.ts";

const modeHelp = `${bodyModeNames.join(", ")}. Default: none.`;

/** What every kind of trigger understands. */
export const callOptions: readonly CommandOption[] = [
  {
    name: "trigger",
    value: "KIND",
    help: "How a function file is called: extproc, http, job or cron. Default: as its exports say.",
  },
  { name: "method", short: "X", value: "METHOD", help: "Default: GET, or POST with a body." },
  { name: "path", value: "PATH", help: "With its query. Default: /, or that of the address." },
  { name: "header", short: "H", value: "'NAME: VALUE'", help: "A header; may be repeated." },
  { name: "data", short: "d", value: "TEXT", help: "The body; @FILE reads it from a file." },
  {
    name: "timeout",
    value: "MS",
    help: `Longest wait: for each answer of an extproc trigger, as message_timeout (${defaultTimeoutMs}), else for the whole call (${defaultCallTimeoutMs}).`,
  },
  { name: "json", help: "One JSON object instead of text." },
];

/** Of calls whose function answers the event itself. */
export const eventOptions: readonly CommandOption[] = [
  {
    name: "log-level",
    value: "LEVEL",
    help: "Shows what a Nuclio function logs from this level on: debug, info, warn, error.",
  },
];

/** Of running triggers. */
export const connectionOptions: readonly CommandOption[] = [
  { name: "tls", help: "The extproc trigger serves TLS." },
  { name: "ca", value: "FILE", help: "Certificates to trust instead of the system's, PEM." },
  { name: "cert", value: "FILE", help: "Own certificate, PEM; with --key." },
  { name: "key", value: "FILE", help: "Own private key, PEM." },
  {
    name: "server-name",
    value: "NAME",
    help: "The name in the trigger's certificate, when it is not that of the address.",
  },
];

/** What Envoy, its client and its upstream do: extproc alone. */
export const envoyOptions: readonly CommandOption[] = [
  { name: "authority", value: "HOST", help: "Default: localhost." },
  { name: "scheme", value: "SCHEME", help: "Default: http." },
  { name: "trailer", value: "'NAME: VALUE'", help: "A trailer of the request; may be repeated." },
  { name: "request-body-mode", value: "MODE", help: modeHelp },
  { name: "response-body-mode", value: "MODE", help: modeHelp },
  { name: "chunk-size", value: "BYTES", help: `Bodies arrive in chunks of this size. Default: ${defaultChunkBytes}.` },
  { name: "response-status", value: "STATUS", help: "Status the upstream answers. Default: 200." },
  { name: "response-header", value: "'NAME: VALUE'", help: "A header of its response; may be repeated." },
  { name: "response-data", value: "TEXT", help: "Body of its response; @FILE reads it from a file." },
  { name: "response-trailer", value: "'NAME: VALUE'", help: "A trailer of its response; may be repeated." },
  { name: "echo", help: "The upstream sends back the body it got." },
  { name: "attribute", value: "NAME=VALUE", help: "An attribute, e.g. source.address=10.0.0.1:4711; may be repeated." },
  { name: "metadata", value: "NAMESPACE=JSON", help: "Forwarded metadata, an object; may be repeated." },
  { name: "initial-metadata", value: "'NAME: VALUE'", help: "Metadata of the gRPC stream; may be repeated." },
  { name: "allow-mode-override", value: "BOOL", help: "Whether the function may ask for bodies. Default: true." },
  { name: "failure-mode-allow", help: "Errors of the processor let the exchange pass." },
  { name: "observability", help: "The processor gets copies and changes nothing." },
  { name: "send-body-without-waiting", help: "Streamed chunks go out before the headers are answered." },
  { name: "buffer-limit", value: "BYTES", help: "What Envoy buffers of a body. Default: 1048576." },
  { name: "envoy", value: "VERSION", help: "Whose rules are played: 1.36, 1.37 or 1.40. Default: 1.40." },
].map((option) => ({ ...option, group: "Playing Envoy, for extproc" }));
