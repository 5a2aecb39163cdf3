/**
 * The one-cycle schedule (Smith and Topin 2018) with the numbers of PyTorch's OneCycleLR, which P-TAME trains with:
 * the learning rate rises for the first 30 % of the steps and falls for the rest, along half cosines; Adam's beta1
 * moves the other way.
 *
 * @module
 */

/** The optimiser's settings at one step. */
export interface CyclePoint {
  /** Learning rate. */
  readonly learningRate: number;
  /** Adam's decay of the first moment. */
  readonly beta1: number;
}

/** Fraction of the steps in which the learning rate rises. */
const RISING = 0.3;
/** Ratio of the largest learning rate to the first. */
const START_DIVISOR = 25;
/** Ratio of the first learning rate to the last. */
const END_DIVISOR = 1e4;
const [LOWEST_BETA1, HIGHEST_BETA1] = [0.85, 0.95];

/**
 * Learning rate and beta1 of a step.
 *
 * @param step Counted from 0.
 * @param totalSteps Number of steps of the whole run.
 * @param maxLearningRate The highest learning rate, reached after 30 % of the steps.
 * @throws {RangeError} When the step is outside the run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { oneCycle } from "./schedule.ts";
 *
 * assertEquals(oneCycle(29, 100, 1e-4), { learningRate: 1e-4, beta1: 0.85 });
 * assertEquals(oneCycle(99, 100, 1e-4).beta1, 0.95);
 * ```
 */
export function oneCycle(step: number, totalSteps: number, maxLearningRate: number): CyclePoint {
  if (!Number.isInteger(totalSteps) || totalSteps < 1) {
    throw new RangeError(`Cannot schedule ${totalSteps} steps: it must be a whole number of at least 1`);
  }
  if (!Number.isInteger(step) || step < 0 || step >= totalSteps) {
    throw new RangeError(`Cannot schedule step ${step}: the run has steps 0 to ${totalSteps - 1}`);
  }
  const first = maxLearningRate / START_DIVISOR;
  const last = first / END_DIVISOR;
  // Negative for runs of up to three steps; their rate only falls, as in PyTorch.
  const peak = RISING * totalSteps - 1;
  if (step <= peak) {
    const part = step / peak;
    return {
      learningRate: alongCosine(first, maxLearningRate, part),
      beta1: alongCosine(HIGHEST_BETA1, LOWEST_BETA1, part),
    };
  }
  const part = (step - peak) / (totalSteps - 1 - peak);
  return {
    learningRate: alongCosine(maxLearningRate, last, part),
    beta1: alongCosine(LOWEST_BETA1, HIGHEST_BETA1, part),
  };
}

/** The schedule of a run. */
export interface RunClock {
  /** Whether the time is over. */
  isOver(done: number): boolean;
  /** Learning rate and beta1 of the next step. */
  cycle(done: number, maxLearningRate: number): CyclePoint;
  /** Mean duration of the steps so far. */
  secondsPerStep(done: number): number;
  /** Estimated from the steps so far. */
  secondsLeft(done: number): number;
  /** Steps of the whole run; estimated if time limits it. */
  steps(done: number): number;
}

/** Points of the schedule of a run that is limited by time. */
const CLOCK_POINTS = 10_000;

/**
 * Starts the clock of a run: the schedule follows the steps, or the time where the run is limited by it.
 *
 * @param limit Seconds for the steps; `undefined` for a run of `steps` steps.
 * @param first Steps that were done before.
 * @param now The time in milliseconds.
 */
export function createClock(
  limit: number | undefined,
  steps: number,
  first: number,
  now: () => number = () => performance.now(),
): RunClock {
  const started = now();
  const passed = () => (now() - started) / 1000;
  const secondsPerStep = (done: number) => passed() / Math.max(1, done - first);
  return {
    secondsPerStep,
    // A step that would end more than half of itself too late is not begun.
    isOver: (done) =>
      limit !== undefined && passed() + (done > first ? secondsPerStep(done) / 2 : 0) >= limit,
    cycle: (done, maxLearningRate) => {
      if (limit === undefined) return oneCycle(done, steps, maxLearningRate);
      const point = Math.min(CLOCK_POINTS - 1, Math.floor(CLOCK_POINTS * passed() / limit));
      return oneCycle(point, CLOCK_POINTS, maxLearningRate);
    },
    secondsLeft: (done) =>
      limit === undefined ? secondsPerStep(done) * (steps - done) : Math.max(0, limit - passed()),
    steps: (done) =>
      limit === undefined
        ? steps
        : Math.max(done, done + Math.round((limit - passed()) / secondsPerStep(done))),
  };
}

/** From `start` (part 0) to `end` (part 1) along half a cosine. */
function alongCosine(start: number, end: number, part: number): number {
  return end + (start - end) / 2 * (Math.cos(Math.PI * part) + 1);
}
