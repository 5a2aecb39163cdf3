/**
 * Refines rows for images: opens the sessions once, chooses the way, and keeps the best row of a run.
 *
 * @module
 */
import type { Feature } from "../fuse.ts";
import {
  augmented,
  gradientSteps,
  REFINE_SETTINGS,
  type RefineSettings,
  rowScale,
  type Step,
} from "./refine.ts";
import { openRowLoss, type RowLoss, type RowLossOptions, type RowSubject } from "./row_loss.ts";
import { MOST_STEPS, REFINE_STEPS, type RefinedRow, type RefineRunOptions } from "./types.ts";
import { triedSteps } from "./without_gradients.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** An image, and the row to start from. */
export interface RowStart {
  /** r_l of all taps. */
  readonly features: readonly Feature[];
  /** The backbone's crop of the image, [3, S, S] in [0, 1]. */
  readonly pixels: Float32Array;
  /** The class. */
  readonly target: number;
  /** Its probability on the whole image. */
  readonly clean: number;
  /** The head's row of it. */
  readonly row: Float32Array;
}

/** Opened sessions that refine rows. */
export interface Refiner {
  /**
   * Refines a row.
   *
   * @throws {RangeError} When the number of steps is invalid.
   * @throws The signal's reason, when it is aborted before the first loss is known.
   */
  refine(start: RowStart, options: RefineRunOptions): Promise<RefinedRow>;
  /** Releases the sessions. */
  dispose(): Promise<void>;
}

/** Opens a refiner. */
export async function openRefiner(
  options: Omit<RowLossOptions, "views">,
  settings: RefineSettings = REFINE_SETTINGS,
): Promise<Refiner> {
  const loss = await openRowLoss({ ...options, views: settings.views.length });
  return {
    refine: (start, options) => refineRow(loss, start, settings, options),
    dispose: loss.dispose,
  };
}

async function refineRow(
  loss: RowLoss,
  start: RowStart,
  settings: RefineSettings,
  { steps = REFINE_STEPS, seed = 0, signal, onProgress }: RefineRunOptions,
): Promise<RefinedRow> {
  if (!Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) {
    throw new RangeError(
      `Cannot refine in ${steps} steps: it must be a whole number from 1 to ${MOST_STEPS}`,
    );
  }
  const { features, target, clean, row, pixels } = start;
  const subject = { features, target, clean, ...augmented(pixels, settings, seed) };
  const scale = rowScale(row, features.map(({ channels }) => channels));
  let before: number | undefined;
  let best: Step | undefined;
  let last: ChosenStep | undefined;
  for await (const step of chosenSteps(loss, { subject, row, scale, settings, seed })) {
    last = step;
    before ??= step.loss;
    if (best === undefined || step.loss < best.loss) best = step;
    onProgress?.({ step: step.step, steps, loss: step.loss, best: best.loss });
    if (step.step === steps) break;
    // A wasm run blocks its thread, and a signal can come only in between.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (signal?.aborted) break;
  }
  const { why } = last!;
  return {
    row: best!.row,
    refinement: {
      way: why === undefined ? "gradient" : "gradient-free",
      ...withoutUndefined({ why }),
      steps: last!.step,
      passes: last!.passes,
      loss: { before: before!, after: best!.loss },
      stopped: last!.step < steps,
    },
  };
}

/** A step, and why it was found without a gradient. */
interface ChosenStep extends Step {
  readonly why: string | undefined;
}

/** A run's parts. */
interface Run {
  readonly subject: RowSubject;
  readonly row: Float32Array;
  readonly scale: Float32Array;
  readonly settings: RefineSettings;
  readonly seed: number;
}

/** Gradient steps; if there is no gradient, or it is zero from the start, tried steps. */
async function* chosenSteps(
  loss: RowLoss,
  { subject, row, scale, settings, seed }: Run,
): AsyncGenerator<ChosenStep> {
  let { why } = loss;
  let spent = 0;
  if (why === undefined) {
    for await (const step of gradientSteps(loss, subject, row, scale, settings)) {
      if (step.step === 0 && step.flat) {
        why = "Its gradient is zero or not finite";
        spent = step.passes;
        break;
      }
      yield { ...step, why };
    }
  }
  for await (const step of triedSteps(loss, subject, row, scale, seed)) {
    yield { ...step, passes: spent + step.passes, why };
  }
}
