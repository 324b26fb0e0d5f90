/** A job in Digital Hub's own form: arguments come by name, from the run and from what the processor knows itself. */
import type { DigitalHubProject, NuclioContext } from "digitalhub-processor";

/** Names of the results. */
export const outputs = ["accuracy", "project"];

export function train(epochs: number, project: DigitalHubProject, context: NuclioContext, rate = 0.5): unknown[] {
  let accuracy = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    accuracy += (1 - accuracy) * rate;
    context.logger.info(`epoch ${epoch}: ${accuracy}`);
  }
  return [accuracy, project.name];
}
