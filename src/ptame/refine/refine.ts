/**
 * Refining: gradient steps on the fuser's row of one class for one image, from the head's own row, under the loss of
 * budgeted masks (masks/budget.ts). The row has a weight for each channel of the taps, so a step can only sharpen what
 * the auxiliary sees; it cannot draw a map pixel by pixel, which would fit the noise of the classifier.
 *
 *     v ← 0.7·v + 0.3·g/‖g‖                   g = scale·∂L/∂row; scale: root mean square of the weights of each tap
 *     row ← row − rate·√n·scale·v/‖v‖         n weights
 *
 * Steps have a fixed length, and each weight moves by its share of the gradient. Adam would move all weights alike, also
 * those whose gradient is noise; that lowered the loss less and moved the map further (docs/refining.md).
 *
 * Every step's row is a usable map, and the best so far is kept. The image of each view has a little noise, and the
 * shares vary a little; both depend on the seed alone and stay the same for all steps, so that losses can be compared.
 *
 * @module
 */
import { createStream, type Generator } from "../../random/generator.ts";
import { createView, type View } from "../masks/views.ts";
import type { RowLoss, RowSubject } from "./row_loss.ts";

/** How rows are refined; the defaults were chosen on classes that are not those of the measurements. */
export interface RefineSettings {
  /** What the loss shows of the image. */
  readonly views: readonly View[];
  /** Root mean square of a step, as a fraction of the scale of the weights. */
  readonly rate: number;
  /** Standard deviation of the noise of each view's image, of pixels in [0, 1]. */
  readonly noise: number;
  /** How far a share may vary: a share is multiplied by exp(±jitter) at most. */
  readonly jitter: number;
}

/** The gate of the shipped head's training: about as sharp as a measure's threshold. */
const WIDTH = 0.015;

/** The defaults. */
export const REFINE_SETTINGS: RefineSettings = {
  views: [createView(1), createView(0.5, { width: WIDTH }), createView(0.15, { width: WIDTH })],
  rate: 0.02,
  noise: 0.02,
  jitter: 0.1,
};

/** A row on its way. */
export interface Step {
  /** Steps done. */
  readonly step: number;
  /** Loss of the row of this step. */
  readonly loss: number;
  /** Its row. */
  readonly row: Float32Array;
  /** Passes spent so far; a backward pass counts as two. */
  readonly passes: number;
  /** Whether the gradient shows no direction. */
  readonly flat?: boolean;
}

/** The image of each view and the views of one run: what the seed decides. */
export function augmented(
  image: Float32Array,
  { views, noise, jitter }: RefineSettings,
  seed: number,
): Pick<RowSubject, "pixels" | "views"> {
  const pixels = new Float32Array(views.length * image.length);
  const drawn = views.map((view, at) => {
    const generator = createStream(seed, at);
    const factor = Math.exp(jitter * (2 * generator.uniform() - 1));
    addNoise(image, noise, generator, pixels.subarray(at * image.length, (at + 1) * image.length));
    // The whole image stays whole.
    return view.share === 1 ? view : { ...view, share: Math.min(view.share * factor, 1) };
  });
  return { pixels, views: drawn };
}

/** The image with noise, in [0, 1]. A function of its own because of a fault of V8 15.0 (docs/decisions.md). */
function addNoise(image: Float32Array, noise: number, generator: Generator, into: Float32Array): void {
  for (let i = 0; i < into.length; i++) {
    into[i] = Math.min(Math.max(image[i]! + noise * generator.normal(), 0), 1);
  }
}

/** Root mean square of the weights of each tap, for every weight. */
export function rowScale(row: Float32Array, channels: readonly number[]): Float32Array {
  const scale = new Float32Array(row.length);
  let from = 0;
  for (const count of channels) {
    const own = row.subarray(from, from + count);
    const square = own.reduce((sum, weight) => sum + weight * weight, 0) / count;
    scale.fill(Math.sqrt(square), from, from += count);
  }
  // A tap without weights would never move.
  const whole = Math.sqrt(row.reduce((sum, weight) => sum + weight * weight, 0) / row.length) || 1;
  return scale.map((value) => value || whole);
}

/** Share of the last direction that the next keeps. */
const MOMENTUM = 0.7;

/** Passes that a forward and a backward pass count as. */
const PASSES_EACH = 3;

/** The rows of gradient descent: the start, and one after each step. It never ends by itself. */
export async function* gradientSteps(
  loss: RowLoss,
  subject: RowSubject,
  start: Float32Array,
  scale: Float32Array,
  { rate }: RefineSettings,
): AsyncGenerator<Step> {
  let velocity = new Float64Array(start.length);
  let row = start;
  for (let step = 0;; step++) {
    const { loss: value, gradient } = await loss.gradient(subject, row);
    const slopes = Float64Array.from(gradient, (slope, i) => slope * scale[i]!);
    const steepness = norm(slopes);
    const passes = (step + 1) * PASSES_EACH * subject.views.length;
    yield { step, loss: value, row, passes, flat: !(steepness > 0 && Number.isFinite(steepness)) };
    velocity = velocity.map((old, i) => MOMENTUM * old + (1 - MOMENTUM) * slopes[i]! / (steepness || 1));
    // Its root mean square is the rate.
    const length = rate * Math.sqrt(start.length) / (norm(velocity) || 1);
    row = row.map((weight, i) => weight - length * scale[i]! * velocity[i]!);
  }
}

/** Euclidean norm. */
function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}
