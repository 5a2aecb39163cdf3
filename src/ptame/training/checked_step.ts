/**
 * A step of training whose numbers are checked, so that a head that is not finite is never stored.
 *
 * @module
 */
import { RunError } from "../../runtime/mod.ts";
import { TrainingError } from "../errors.ts";
import type { StepLoss } from "./checkpoint.ts";
import type { TrainingBatch, TrainingState, TrainingStep } from "./training_step.ts";

/** Runs one step and refuses a loss that is not finite before the resulting head is stored. */
export async function oneStep(
  step: TrainingStep,
  batch: TrainingBatch,
  settings: Parameters<TrainingStep["run"]>[1],
  signal: AbortSignal | undefined,
): Promise<StepLoss> {
  let terms;
  try {
    ({ terms } = await step.run(batch, settings, { signal }));
  } catch (cause) {
    if (!(cause instanceof RunError)) throw cause;
    throw new TrainingError(`Cannot continue training at step ${settings.step + 1}: ${cause.message}`, {
      cause,
    });
  }
  if (!Object.values(terms).every(Number.isFinite)) {
    throw new TrainingError(
      `Cannot continue training: the loss is not finite at step ${
        settings.step + 1
      } (cross-entropy ${terms.ce}, area ` +
        `${terms.area}, variation ${terms.variation}); a lower learning rate may help`,
    );
  }
  return { step: settings.step + 1, ...terms };
}

/**
 * A step may give a finite loss and a head that is not finite. Such a head must not be stored.
 *
 * @throws {TrainingError} When a number of the state is not finite.
 */
export function checkFinite(state: Readonly<TrainingState>, step: number): void {
  for (const [name, { data }] of Object.entries(state)) {
    if ((data as Float32Array).every(Number.isFinite)) continue;
    throw new TrainingError(
      `Cannot continue training: ${name} is not finite after step ${step}; a lower learning rate may help`,
    );
  }
}
