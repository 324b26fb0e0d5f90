/**
 * Header fields that mean one connection only and are not forwarded (RFC 9110 7.6.1); `expect` too, which is answered
 * here.
 */

const HOP_BY_HOP = new Set(
  ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"].concat([
    "proxy-authenticate",
    "proxy-authorization",
  ]),
);

/** The lines that go on, without those `connection` names. */
export function withoutHopByHop(lines: Iterable<readonly [string, string]>): [string, string][] {
  const all = [...lines];
  const named = new Set(
    all
      .filter(([name]) => name === "connection")
      .flatMap(([, value]) => value.split(","))
      .map((name) => name.trim().toLowerCase()),
  );
  return all.filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)).map(([name, value]) => [name, value]);
}
