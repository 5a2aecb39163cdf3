/**
 * KernelSHAP (Lundberg and Lee 2017, "A Unified Approach to Interpreting Model Predictions", theorem 2) over
 * superpixels: Shapley values of the class's probability f, as the slopes φ of a weighted regression on coalitions z of
 * shown superpixels.
 *
 *     min_φ Σ_z w(z) (f(z) − f(∅) − φ·z)²  with  Σ φ = f(all) − f(∅)        w(z) = (M − 1) / (C(M, k) k (M − k)),  k = |z|
 *
 * The sum over a map's superpixels is therefore exactly what showing the image adds. If the masks suffice for all
 * coalitions, each is asked once, and φ are the Shapley values themselves. Otherwise sizes k are drawn by their share of
 * the weight, and sets of a size evenly; each comes with its complement (Covert and Lee 2021: paired sampling), and all
 * count alike. Hidden superpixels have the mean colour of the classifier's normalisation, as in the other methods here;
 * superpixels are SLIC's (src/image/superpixels.ts).
 *
 * @module
 */
import { imageSides } from "../../image/side.ts";
import { makeSuperpixels } from "../../image/superpixels.ts";
import { createStream } from "../../random/generator.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import { COALITIONS, SUPERPIXELS } from "../passes.ts";
import type { Attribute } from "../types.ts";
import { askCoalitions, type Coalition, leastSquares, meanImage, superpixelMap } from "./coalitions.ts";

/** Options of KernelSHAP. */
export interface KernelShapOptions {
  /** Seed of the coalitions; 0 by default. */
  readonly seed?: number | undefined;
  /** Number of coalitions, with the empty and the full one; 1000 by default. */
  readonly masks?: number | undefined;
  /** About how many superpixels; 50 by default. */
  readonly superpixels?: number | undefined;
}

/** Coalitions between the empty and the full one, with their weights. */
export interface WeighedCoalitions {
  /** The coalitions. */
  readonly coalitions: readonly Coalition[];
  /** A weight each. */
  readonly weights: readonly number[];
}

/** `(M − 1) / (k (M − k))`: the weight of all coalitions of k of M players together. */
function sizeWeight(players: number, size: number): number {
  return (players - 1) / (size * (players - size));
}

/** All coalitions if `count` suffices for them, else as many by lot. */
export function shapCoalitions(count: number, players: number, seed: number): WeighedCoalitions {
  if (players < 2) return { coalitions: [], weights: [] };
  if (players < 31 && 2 ** players - 2 <= count) return allCoalitions(players);
  const totals: number[] = [];
  for (let size = 1; size < players; size++) totals.push((totals.at(-1) ?? 0) + sizeWeight(players, size));
  const coalitions = Array.from({ length: Math.ceil(count / 2) }, (_, n) => {
    const generator = createStream(seed, n);
    const drawn = generator.uniform() * totals.at(-1)!;
    const size = 1 + totals.findIndex((total) => drawn < total);
    const order = Array.from({ length: players }, (_, i) => i);
    const shown = new Uint8Array(players);
    for (let i = 0; i < size; i++) {
      const from = i + generator.below(players - i);
      [order[i], order[from]] = [order[from]!, order[i]!];
      shown[order[i]!] = 1;
    }
    return [shown, shown.map((one) => 1 - one)];
  }).flat().slice(0, count);
  return { coalitions, weights: coalitions.map(() => 1) };
}

function allCoalitions(players: number): WeighedCoalitions {
  const coalitions = Array.from(
    { length: 2 ** players - 2 },
    (_, n) => Uint8Array.from({ length: players }, (_, i) => ((n + 1) >> i) & 1),
  );
  const weights = coalitions.map((coalition) => {
    const size = coalition.reduce((sum, one) => sum + one, 0);
    let choices = 1;
    for (let i = 1; i <= size; i++) choices *= (players - size + i) / i;
    return sizeWeight(players, size) / choices;
  });
  return { coalitions, weights };
}

/**
 * The slopes of the regression, one for each player; their sum is `whole − empty`.
 *
 * @param answers f of each coalition.
 */
export function shapValues(
  { coalitions, weights }: WeighedCoalitions,
  answers: ArrayLike<number>,
  empty: number,
  whole: number,
): number[] {
  const span = whole - empty;
  const players = coalitions[0]?.length ?? 1;
  // The last player's value is what the sum leaves to it.
  const rows = coalitions.map((shown) =>
    Float64Array.from({ length: players - 1 }, (_, i) => shown[i]! - shown[players - 1]!)
  );
  const rest = coalitions.map((shown, n) => answers[n]! - empty - shown[players - 1]! * span);
  const slopes = players === 1 ? [] : leastSquares(rows, rest, weights, new Array(players - 1).fill(0));
  return [...slopes, span - slopes.reduce((sum, slope) => sum + slope, 0)];
}

/**
 * KernelSHAP; it uses only the classifier's inputs and outputs.
 *
 * @throws {RangeError} When an option is out of range.
 */
export function kernelShap(classifier: OpenClassifier, options: KernelShapOptions = {}): Attribute {
  const { seed = 0, masks = COALITIONS, superpixels: count = SUPERPIXELS } = options;
  if (!Number.isInteger(masks) || masks < 3) {
    throw new RangeError(`Cannot draw ${masks} coalitions: 3 or more`);
  }
  return async (pixels, target, asked = {}) => {
    const { preprocessing } = classifier.facts;
    const size = imageSides(pixels, preprocessing.width);
    const superpixels = makeSuperpixels(pixels, size, { count: Math.min(count, size.width * size.height) });
    const players = superpixels.count;
    const between = shapCoalitions(masks - 2, players, seed);
    const ends = [new Uint8Array(players), new Uint8Array(players).fill(1)];
    const hidden = meanImage(size, preprocessing.mean);
    const coalitions = [...ends, ...between.coalitions];
    const query = { pixels, hidden, target, superpixels, coalitions };
    const [empty, whole, ...answers] = await askCoalitions(classifier, query, asked);
    return superpixelMap(superpixels, shapValues(between, answers, empty!, whole!));
  };
}
