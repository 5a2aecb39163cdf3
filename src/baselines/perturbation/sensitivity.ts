/**
 * Global sensitivity of the class's probability f to the cells of a grid: Sobol indices and HSIC.
 *
 * **Sobol** (Fel et al., NeurIPS 2021, "Look at the Variance! Efficient Black-box Explanations with Sobol-based
 * Sensitivity Analysis"): a mask has a level in [0, 1] for each of 8 × 8 cells; the value of cell i is Jansen's estimate
 * of its total index, over N pairs of masks a and c_i, which differ from a in cell i alone.
 *
 *     S_i = Σ_n (f(a_n) − f(c_i,n))² / (2 N Var f(a))
 *
 * **HSIC** (Novello et al., NeurIPS 2022, "Making Sense of Dependence: Efficient Black-box Explanations Using Dependence
 * Measure"): N masks show each of 7 × 7 cells with probability one half; the value of cell i is the dependence of f on it,
 * with the kernel ½ − (x − x′)² for cells and exp(−(f − f′)² / 2σ²) for f, σ the median of f.
 *
 *     HSIC_i = Σ K_i ∘ (H L H) / N = 2 x_iᵀ (H L H) x_i / N        H: takes off the mean
 *
 * Formulas and numbers of cells and masks are those of Xplique, the authors' library (which divides HSIC by N, not N²).
 * Cells have sharp borders, as there; hidden parts have the mean colour, which is 0 in Xplique's normalised images.
 * Levels are drawn by Latin hypercube, a choice of that library; its default for Sobol is a Sobol sequence. Maps have a
 * value for each cell.
 *
 * @module
 */
import { imageSides } from "../../image/side.ts";
import { createStream } from "../../random/generator.ts";
import { shuffled } from "../../random/shuffle.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import { HSIC_MASKS, SOBOL_CELLS, SOBOL_DESIGNS } from "../passes.ts";
import type { Attribute, AttributeOptions } from "../types.ts";
import { maskedImage } from "./masked_image.ts";

/** Cells of HSIC along a side, as in the authors' library. */
const HSIC_CELLS = 7;

/** Options of Sobol and HSIC. */
export interface SensitivityOptions {
  /** Seed of the masks; 0 by default. */
  readonly seed?: number | undefined;
  /** Number of masks of HSIC (500 by default), or of pairs for each cell of Sobol (32 by default). */
  readonly masks?: number | undefined;
  /** Cells along a side. */
  readonly cells?: number | undefined;
}

/**
 * Points of a Latin hypercube: in each dimension, every N-th of [0, 1) has one of the N points.
 *
 * @returns `count` points of `dimensions` levels.
 */
export function latinHypercube(count: number, dimensions: number, seed: number): Float64Array[] {
  const points = Array.from({ length: count }, () => new Float64Array(dimensions));
  for (let d = 0; d < dimensions; d++) {
    const generator = createStream(seed, d);
    const order = shuffled(count, generator);
    points.forEach((point, n) => point[d] = (order[n]! + generator.uniform()) / count);
  }
  return points;
}

/**
 * Jansen's total indices.
 *
 * @param whole f of the N masks a.
 * @param changed For each cell, f of the N masks that differ from a in it.
 * @returns An index for each cell; 0 for all if f does not vary.
 */
export function totalIndices(whole: ArrayLike<number>, changed: readonly ArrayLike<number>[]): number[] {
  const values = Array.from(whole);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return changed.map((others) => {
    const squares = values.reduce((sum, value, n) => sum + (value - others[n]!) ** 2, 0);
    return variance > 0 ? squares / (2 * values.length * variance) : 0;
  });
}

/**
 * HSIC of each cell and the answers.
 *
 * @param masks Cells of 0 or 1, one row for each answer.
 */
export function hsicIndices(masks: readonly ArrayLike<number>[], answers: Float64Array): number[] {
  const count = answers.length;
  const sorted = answers.toSorted();
  const median = (sorted[(count - 1) >> 1]! + sorted[count >> 1]!) / 2;
  const width = median === 0 ? 1 : median;
  const kernel = new Float64Array(count * count);
  const means = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    for (let m = 0; m < count; m++) {
      const value = Math.exp(-((answers[n]! - answers[m]!) ** 2) / (2 * width * width));
      kernel[n * count + m] = value;
      means[n]! += value / count;
    }
  }
  const mean = means.reduce((sum, value) => sum + value, 0) / count;
  return Array.from(masks[0]!, (_, cell) => {
    let sum = 0;
    for (let n = 0; n < count; n++) {
      if (masks[n]![cell] === 0) continue;
      for (let m = 0; m < count; m++) {
        if (masks[m]![cell] !== 0) sum += kernel[n * count + m]! - means[n]! - means[m]! + mean;
      }
    }
    return 2 * sum / count;
  });
}

/** Asks for the class's probability behind masks of cells. */
async function askCells(
  classifier: OpenClassifier,
  pixels: Float32Array,
  target: number,
  cells: number,
  masks: { readonly count: number; mask(n: number): ArrayLike<number> },
  { signal, onProgress }: AttributeOptions,
): Promise<Float64Array> {
  const { preprocessing } = classifier.facts;
  const { width, height } = imageSides(pixels, preprocessing.width);
  const cellAt = Int32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.floor(y * cells / height) * cells + Math.floor(x * cells / width);
  });
  const answers = new Float64Array(masks.count);
  for (let at = 0; at < masks.count; at += classifier.batch) {
    const count = Math.min(classifier.batch, masks.count - at);
    const images = Array.from({ length: count }, (_, i) => {
      const levels = masks.mask(at + i);
      return maskedImage(pixels, Float32Array.from(cellAt, (cell) => levels[cell]!), preprocessing);
    });
    const rows = await classifier.probabilities(images, signal);
    rows.forEach((row, i) => answers[at + i] = row[target]!);
    onProgress?.({ done: at + count, total: masks.count });
  }
  return answers;
}

function checkNumbers(masks: number, cells: number): void {
  if (!Number.isInteger(masks) || masks < 2) throw new RangeError(`Cannot draw ${masks} masks: 2 or more`);
  if (!Number.isInteger(cells) || cells < 1) throw new RangeError(`Cannot draw masks of ${cells} cells`);
}

/**
 * Sobol's total indices; it uses only the classifier's inputs and outputs.
 *
 * @throws {RangeError} When an option is out of range.
 */
export function sobol(classifier: OpenClassifier, options: SensitivityOptions = {}): Attribute {
  const { seed = 0, masks = SOBOL_DESIGNS, cells = SOBOL_CELLS } = options;
  checkNumbers(masks, cells);
  return async (pixels, target, asked = {}) => {
    const area = cells * cells;
    // One hypercube of both: the first half are the masks, the second what single cells are changed to.
    const points = latinHypercube(masks, 2 * area, seed);
    const mask = (n: number) => {
      const point = points[n % masks]!;
      const levels = point.slice(0, area);
      const changed = Math.floor(n / masks) - 1;
      if (changed >= 0) levels[changed] = point[area + changed]!;
      return levels;
    };
    const answers = await askCells(
      classifier,
      pixels,
      target,
      cells,
      { count: masks * (area + 1), mask },
      asked,
    );
    const part = (k: number) => answers.subarray(k * masks, (k + 1) * masks);
    const indices = totalIndices(part(0), Array.from({ length: area }, (_, i) => part(i + 1)));
    return { width: cells, height: cells, values: Float32Array.from(indices) };
  };
}

/**
 * HSIC; it uses only the classifier's inputs and outputs.
 *
 * @throws {RangeError} When an option is out of range.
 */
export function hsic(classifier: OpenClassifier, options: SensitivityOptions = {}): Attribute {
  const { seed = 0, masks: count = HSIC_MASKS, cells = HSIC_CELLS } = options;
  checkNumbers(count, cells);
  return async (pixels, target, asked = {}) => {
    const masks = latinHypercube(count, cells * cells, seed)
      .map((point) => Uint8Array.from(point, (level) => level < 0.5 ? 1 : 0));
    const answers = await askCells(
      classifier,
      pixels,
      target,
      cells,
      { count, mask: (n) => masks[n]! },
      asked,
    );
    return { width: cells, height: cells, values: Float32Array.from(hsicIndices(masks, answers)) };
  };
}
