/**
 * RISE (Petsiuk et al. 2018, "RISE: Randomized Input Sampling for Explanation of Black-box Models", equation 6 and
 * section 3.3): the image is masked at random; the value of a pixel is the mean probability f of the class over the
 * masks that show it.
 *
 *     S = Σ_n f(X ∘ M_n) · M_n / (N · p)
 *
 * A mask is a grid of 7 × 7 cells, each shown with probability p = 0.5, enlarged bilinearly to 8 × 8 cells' size, and
 * cut out at a random shift of less than a cell. 4000 masks, as the paper takes for VGG-16 (8000 for ResNet-50). As in
 * the authors' program, hidden parts have the mean colour. Masks depend only on the seed and their number. They are
 * made on demand, and are the same on every device and for every image.
 *
 * With `settle`, RISE stops earlier: after every hundred masks, the maps of even and of odd masks are ranked and
 * correlated (r), and 2r / (1 + r) is what the map of all masks would correlate with that of as many others (Spearman
 * 1910, Brown 1910).
 *
 * @module
 */
import { upsampleMap } from "../../image/upsample.ts";
import type { Size } from "../../image/preprocess.ts";
import { imageSides } from "../../image/side.ts";
import { createStream } from "../../random/generator.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import type { Settling } from "../../explanation/blank_map.ts";
import { spearman } from "../../explanation/rank_correlation.ts";
import { RISE_MASKS } from "../passes.ts";
import type { Attribute } from "../types.ts";
import { maskedImage } from "./masked_image.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Options of RISE. */
export interface RiseOptions {
  /** Seed of the masks; 0 by default. */
  readonly seed?: number | undefined;
  /** Number of masks; 4000 by default. */
  readonly masks?: number | undefined;
  /** Stops when the expected rank correlation with another run's map reaches this, in (0, 1); never by default. */
  readonly settle?: number | undefined;
  /** Cells along a side; 7 by default. */
  readonly cells?: number | undefined;
  /** Probability of a cell to be shown; 0.5 by default. */
  readonly probability?: number | undefined;
}

/** Mask number `index` of a seed: `width * height` values in [0, 1]; cells have the proportions of the image. */
export function riseMask(
  { width, height }: Size,
  index: number,
  options: Omit<RiseOptions, "masks"> = {},
): Float32Array {
  const { seed = 0, cells = 7, probability = 0.5 } = options;
  const generator = createStream(seed, index);
  const grid = Float32Array.from({ length: cells * cells }, () => generator.uniform() < probability ? 1 : 0);
  const [across, down] = [Math.ceil(width / cells), Math.ceil(height / cells)];
  const large = (cells + 1) * across;
  const [left, top] = [generator.below(across), generator.below(down)];
  const enlarged = upsampleMap(grid, cells, cells, large, (cells + 1) * down);
  const mask = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * large + left;
    mask.set(enlarged.subarray(from, from + width), y * width);
  }
  return mask;
}

/**
 * RISE; it uses only the classifier's inputs and outputs.
 *
 * @throws {RangeError} When an option is out of range.
 */
export function rise(classifier: OpenClassifier, options: RiseOptions = {}): Attribute {
  const { masks = RISE_MASKS, probability = 0.5, cells = 7, settle } = options;
  if (!Number.isInteger(masks) || masks < 1) throw new RangeError(`Cannot draw ${masks} masks`);
  if (!Number.isInteger(cells) || cells < 1) throw new RangeError(`Cannot draw masks of ${cells} cells`);
  if (!(probability > 0 && probability <= 1)) {
    throw new RangeError(`Cannot draw masks that show a cell with probability ${probability}`);
  }
  if (settle !== undefined && !(settle > 0 && settle < 1)) {
    throw new RangeError(`Cannot settle at a correlation of ${settle}: between 0 and 1`);
  }
  return async (pixels, target, { signal, onProgress } = {}) => {
    const size = imageSides(pixels, classifier.facts.preprocessing.width);
    const sums = new Float64Array(size.width * size.height);
    // Of every second mask alone, to compare with the others.
    const half = new Float64Array(settle === undefined ? 0 : sums.length);
    let [done, settling]: [number, Settling | undefined] = [0, undefined];
    for (let at = 0; at < masks && settling?.settled !== true; at += classifier.batch) {
      const drawn = Array.from(
        { length: Math.min(classifier.batch, masks - at) },
        (_, i) => riseMask(size, at + i, options),
      );
      const seen = drawn.map((mask) => maskedImage(pixels, mask, classifier.facts.preprocessing));
      const probabilities = await classifier.probabilities(seen, signal);
      drawn.forEach((mask, i) => {
        const weight = probabilities[i]![target]!;
        for (let p = 0; p < sums.length; p++) sums[p]! += weight * mask[p]!;
        if ((at + i) % 2 === 0) { for (let p = 0; p < half.length; p++) half[p]! += weight * mask[p]!; }
      });
      const before = done;
      done = at + drawn.length;
      const due = Math.floor(done / SETTLE_EVERY) > Math.floor(before / SETTLE_EVERY) || done === masks;
      if (settle !== undefined && due) settling = settlingAt(done, sums, half, settle);
      onProgress?.({ done, total: settling?.settled === true ? done : masks });
    }
    const values = Float32Array.from(sums, (sum) => sum / (done * probability));
    return { ...size, values, ...withoutUndefined({ settling }) };
  };
}

/** Masks between two looks at the ranking; the first look is after as many. */
const SETTLE_EVERY = 100;

/** The correlation of the map's two halves, and by Spearman and Brown's formula that of maps of all masks. */
function settlingAt(masks: number, sums: Float64Array, half: Float64Array, settle: number): Settling {
  const halves = spearman(half, sums.map((sum, p) => sum - half[p]!));
  // A constant map has no ranking, and halves may disagree.
  const agreement = halves > 0 ? 2 * halves / (1 + halves) : 0;
  return { masks, agreement, settled: agreement >= settle };
}
