/**
 * Images of which some superpixels are hidden, and the classifier's probabilities for them: what LIME and KernelSHAP ask.
 *
 * @module
 */
import { Matrix, pseudoInverse } from "ml-matrix";
import type { Size } from "../../image/preprocess.ts";
import type { Superpixels } from "../../image/superpixels.ts";
import type { RawMap } from "../../explanation/blank_map.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import type { AttributeOptions } from "../types.ts";

/** For each superpixel, 1 where it is shown and 0 where it is hidden. */
export type Coalition = Uint8Array;

/**
 * The class's probability for each coalition.
 *
 * @param hidden What takes the place of hidden pixels, `[3, H, W]`.
 */
export async function askCoalitions(
  classifier: OpenClassifier,
  { pixels, hidden, target, superpixels, coalitions }: {
    readonly pixels: Float32Array;
    readonly hidden: Float32Array;
    readonly target: number;
    readonly superpixels: Superpixels;
    readonly coalitions: readonly Coalition[];
  },
  { signal, onProgress }: AttributeOptions,
): Promise<Float64Array> {
  const { labels } = superpixels;
  const answers = new Float64Array(coalitions.length);
  for (let at = 0; at < coalitions.length; at += classifier.batch) {
    const part = coalitions.slice(at, at + classifier.batch);
    const images = part.map((shown) =>
      pixels.map((value, i) => shown[labels[i % labels.length]!] === 1 ? value : hidden[i]!)
    );
    const rows = await classifier.probabilities(images, signal);
    rows.forEach((row, i) => answers[at + i] = row[target]!);
    onProgress?.({ done: at + part.length, total: coalitions.length });
  }
  return answers;
}

/**
 * Weighted least squares: the b of least `Σ_n w_n (y_n − x_n·b)² + Σ_j λ_j b_j²`; of several, the shortest.
 *
 * @param rows x, one row for each observation.
 * @param ridge λ, one number for each column.
 */
export function leastSquares(
  rows: readonly ArrayLike<number>[],
  answers: ArrayLike<number>,
  weights: ArrayLike<number>,
  ridge: readonly number[],
): number[] {
  const columns = ridge.length;
  const gram = Matrix.zeros(columns, columns);
  const right = Matrix.zeros(columns, 1);
  rows.forEach((row, n) => {
    for (let i = 0; i < columns; i++) {
      if (row[i] === 0) continue;
      const weighed = weights[n]! * row[i]!;
      right.set(i, 0, right.get(i, 0) + weighed * answers[n]!);
      for (let j = 0; j < columns; j++) gram.set(i, j, gram.get(i, j) + weighed * row[j]!);
    }
  });
  ridge.forEach((strength, i) => gram.set(i, i, gram.get(i, i) + strength));
  return pseudoInverse(gram).mmul(right).getColumn(0);
}

/** A map in which each pixel has its superpixel's value. */
export function superpixelMap({ width, height, labels }: Superpixels, values: ArrayLike<number>): RawMap {
  return { width, height, values: Float32Array.from(labels, (label) => values[label]!) };
}

/** An image of the mean colour of the classifier's normalisation. */
export function meanImage({ width, height }: Size, mean: readonly number[]): Float32Array {
  return Float32Array.from({ length: 3 * width * height }, (_, i) => mean[Math.floor(i / (width * height))]!);
}
