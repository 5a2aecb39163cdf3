/**
 * Refining: gradient steps on the fuser's row of one class for one image, from the head's own row, under the loss of
 * budgeted masks (masks/budget.ts). The row has a weight for each channel of the taps, so a step can only sharpen what
 * the auxiliary sees; it cannot draw a map pixel by pixel, which would fit the noise of the classifier.
 *
 *     row ← row − rate · scale · Adam(∂L/∂row)      scale: root mean square of the row's weights of each tap
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
  /** Size of a step, as a fraction of the weights' root mean square. */
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
  rate: 0.1,
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

/** Decay of Adam's moments. */
const [FIRST_DECAY, SECOND_DECAY, EPSILON] = [0.9, 0.999, 1e-12];

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
  const [first, second] = [new Float64Array(start.length), new Float64Array(start.length)];
  let row = start;
  for (let step = 0;; step++) {
    const value = await loss.gradient(subject, row);
    const square = value.gradient.reduce((sum, slope) => sum + slope * slope, 0);
    const passes = (step + 1) * PASSES_EACH * subject.views.length;
    yield { step, loss: value.loss, row, passes, flat: !(square > 0 && Number.isFinite(square)) };
    const [unbias1, unbias2] = [1 - FIRST_DECAY ** (step + 1), 1 - SECOND_DECAY ** (step + 1)];
    row = row.map((weight, i) => {
      const slope = value.gradient[i]! * scale[i]!;
      first[i] = FIRST_DECAY * first[i]! + (1 - FIRST_DECAY) * slope;
      second[i] = SECOND_DECAY * second[i]! + (1 - SECOND_DECAY) * slope * slope;
      const direction = first[i]! / unbias1 / (Math.sqrt(second[i]! / unbias2) + EPSILON);
      return weight - rate * scale[i]! * direction;
    });
  }
}
