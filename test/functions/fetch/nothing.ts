export default function nothing(): Response | undefined {
  return undefined;
}
