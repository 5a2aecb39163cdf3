/**
 * Occlusion (Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2): a square of
 * the mean colour slides over the image; the value of a pixel is the drop of the class's probability while the pixel is
 * hidden.
 *
 *     L_p = mean over squares Q that hide p of f(X) − f(X without Q)
 *
 * The paper plots f(X without Q) at the square's position; the mean over squares is Captum's. Neither gives a size for
 * all networks. Here the side of the square is a seventh of the image's, at 13 × 13 positions from border to border (32
 * pixels, moved by 16, in an image of 224). In an image that is not square, it is a rectangle of the same proportions. A rise of the probability counts as 0.
 *
 * @module
 */
import { imageSides } from "../../image/side.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import { OCCLUSION_PLACES } from "../passes.ts";
import type { Attribute } from "../types.ts";
import { maskedImage } from "./masked_image.ts";

/** Options of occlusion. */
export interface OcclusionOptions {
  /** Side of the square in pixels; a seventh of each of the image's sides by default. */
  readonly window?: number | undefined;
  /** Number of positions along a side; 13 by default. */
  readonly places?: number | undefined;
}

/** Start positions of `count` windows along a side of `side` pixels, evenly spaced from border to border. */
export function windowPlaces(side: number, window: number, count: number): number[] {
  const last = side - window;
  const places = Array.from(
    { length: count },
    (_, i) => count === 1 ? 0 : Math.round(i * last / (count - 1)),
  );
  return [...new Set(places)];
}

/**
 * Occlusion; it uses only the classifier's inputs and outputs.
 *
 * @throws {RangeError} When the square does not fit into the image, or pixels would stay uncovered.
 */
export function occlusion(classifier: OpenClassifier, options: OcclusionOptions = {}): Attribute {
  const { places: count = OCCLUSION_PLACES } = options;
  return async (pixels, target, { signal, onProgress } = {}) => {
    const { width, height } = imageSides(pixels, classifier.facts.preprocessing.width);
    const [columns, rows] = [
      hiddenSide(width, count, options.window),
      hiddenSide(height, count, options.window),
    ];
    const along = windowPlaces(width, columns, count);
    const places = windowPlaces(height, rows, count).flatMap((y) => along.map((x) => ({ x, y })));
    const whole = (await classifier.probabilities([pixels], signal))[0]![target]!;
    const drops = new Float64Array(width * height);
    const counts = new Float64Array(width * height);
    for (let at = 0; at < places.length; at += classifier.batch) {
      const part = places.slice(at, at + classifier.batch);
      const hidden = part.map(({ x, y }) => {
        const mask = new Float32Array(width * height).fill(1);
        for (let row = y; row < y + rows; row++) mask.fill(0, row * width + x, row * width + x + columns);
        return maskedImage(pixels, mask, classifier.facts.preprocessing);
      });
      const probabilities = await classifier.probabilities(hidden, signal);
      part.forEach(({ x, y }, i) => {
        const drop = whole - probabilities[i]![target]!;
        for (let row = y; row < y + rows; row++) {
          for (let column = x; column < x + columns; column++) {
            drops[row * width + column]! += drop;
            counts[row * width + column]!++;
          }
        }
      });
      onProgress?.({ done: at + part.length, total: places.length });
    }
    return {
      width,
      height,
      values: Float32Array.from(drops, (drop, i) => Math.max(0, drop / counts[i]!)),
    };
  };
}

/** The hidden part of a side of the image: as given, else a seventh. */
function hiddenSide(side: number, count: number, given: number | undefined): number {
  const window = given ?? Math.max(1, Math.round(side / 7));
  if (!Number.isInteger(window) || window < 1 || window > side) {
    throw new RangeError(`Cannot hide a square of ${window} pixels in an image of ${side}`);
  }
  if (!Number.isInteger(count) || count * window < side) {
    throw new RangeError(`Cannot hide every pixel of ${side} by ${count} squares of ${window}`);
  }
  return window;
}
