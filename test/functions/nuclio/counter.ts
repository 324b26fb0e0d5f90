import type { NuclioContext } from "digitalhub-processor";

export async function initContext(context: NuclioContext): Promise<void> {
  await Bun.sleep(1);
  context.userData["greeting"] = "ready";
}

export const handler = (context: NuclioContext): string =>
  `${String(context.userData["greeting"])} ${context.trigger.kind}`;
