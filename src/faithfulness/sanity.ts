/**
 * Sanity checks (Adebayo et al. 2018, "Sanity Checks for Saliency Maps"): a map that stays the same when the explained
 * weights are randomised does not explain them. This module compares maps and runs the swap test; randomization.ts
 * randomises a classifier's weights and ptame/randomized_head.ts a head.
 *
 * @module
 */
import type { PreparedImage } from "../classifier/prepared_image.ts";
import { valueRange } from "../image/range.ts";
import { upsampleMap } from "../image/upsample.ts";
import type { ValueMap } from "../image/types.ts";
import { createStream } from "../random/generator.ts";
import { hashText } from "../random/hash.ts";
import { bootstrapInterval, type BootstrapOptions } from "./bootstrap.ts";
import { complexityRise } from "./complexity_rise.ts";
import { spearman, ssim } from "./correlation.ts";
import { evaluate } from "./evaluate.ts";
import type { EvaluateOptions, EvaluateResult } from "./evaluate_options.ts";
import { compareMethods, type Comparison } from "./summary.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { Size } from "../image/preprocess.ts";
import { imageSides } from "../image/side.ts";
import type { Interval } from "./types.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** The similarity of two maps. NaN if a map is constant, because it has no order. */
export interface Likeness {
  /** Spearman's rank correlation of the values. */
  readonly spearman: number;
  /** Rank correlation of their magnitudes. */
  readonly absoluteSpearman: number;
  /** Structural similarity of the maps, each scaled to [0, 1]. */
  readonly ssim: number;
}

/** The measures of similarity. */
export const LIKENESS: readonly (keyof Likeness)[] = ["spearman", "absoluteSpearman", "ssim"];

/**
 * Compares two maps of one image, both enlarged to `size`.
 *
 * @param size At least 11, the window of SSIM, on each side; callers use the image's size by default.
 */
export function compareMaps(a: ValueMap, b: ValueMap, size: Size): Likeness {
  const [first, second] = [enlarged(a, size), enlarged(b, size)];
  return {
    spearman: spearman(first, second),
    absoluteSpearman: spearman(first, second, true),
    ssim: ssim(
      { ...size, values: inUnit(first) },
      { ...size, values: inUnit(second) },
    ),
  };
}

function enlarged({ values, width, height }: ValueMap, size: Size): Float32Array {
  if (width === size.width && height === size.height) return values;
  return upsampleMap(values, width, height, size.width, size.height);
}

function inUnit(values: Float32Array): Float32Array {
  const { low, high } = valueRange(values);
  const span = high > low ? high - low : 1;
  return values.map((value) => (value - low) / span);
}

/** An image to check on, and the class whose maps are compared. */
export interface SanityImage extends PreparedImage {
  /** The intact classifier's class, even if the randomised one sees another. */
  readonly target: number;
}

/** The similarity of one randomised variant's maps to the original's, over all images. */
export interface SanityResult extends Readonly<Record<keyof Likeness, Interval | undefined>> {
  /** Name of the variant. */
  readonly variant: string;
  /**
   * How much more complex the maps are than the original's, as a share (Efficient MPRT, complexity_rise.ts); undefined if
   * no original has any complexity.
   */
  readonly complexityRise?: Interval;
  /** Number of images on which one of the maps was constant; they are in no mean. */
  readonly flat: number;
}

/** A method of the checks: like {@linkcode MapMethod}, with the values of a formula, not scaled to [0, 1]. */
export type SanityMethod = (...asked: Parameters<MapMethod>) => Promise<ValueMap>;

/** Options of the comparison. */
export interface SanityOptions extends BootstrapOptions {
  /** Stops between maps. */
  readonly signal?: AbortSignal;
  /** Called after each map. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * Compares the maps of one variant with the original's, image by image.
 *
 * @param method The variant's maps, with the method's unscaled values if there are any, because signs and magnitudes
 * matter.
 * @param originals The original's map of each image, in order.
 */
export async function compareVariant(
  variant: string,
  method: SanityMethod,
  images: readonly SanityImage[],
  originals: readonly ValueMap[],
  options: SanityOptions = {},
): Promise<SanityResult> {
  const found: Likeness[] = [];
  const rises: number[] = [];
  for (const [i, image] of images.entries()) {
    options.signal?.throwIfAborted();
    const map = await method(image, image.target, options.signal);
    rises.push(complexityRise(originals[i]!.values, map.values));
    found.push(compareMaps(originals[i]!, map, imageSides(image.pixels, image.width)));
    options.onProgress?.({ done: i + 1, total: images.length });
  }
  const finite = rises.filter(Number.isFinite);
  const ordered = found.filter((each) => Number.isFinite(each.spearman));
  const mean = (key: keyof Likeness) =>
    ordered.length === 0 ? undefined : bootstrapInterval(ordered.map((each) => each[key]), options);
  return {
    variant,
    spearman: mean("spearman"),
    absoluteSpearman: mean("absoluteSpearman"),
    ssim: mean("ssim"),
    ...(finite.length === 0 ? {} : { complexityRise: bootstrapInterval(finite, options) }),
    flat: found.length - ordered.length,
  };
}

/** Name of the variant of {@linkcode otherClassTest}. */
const OTHER_CLASS = "another class";

/**
 * Random Logit (Sixt et al. 2020): the similarity between the maps of an image's class and of another one, drawn at random
 * for each image. A map that is the same for any class does not explain the class.
 *
 * @param method Maps of the intact classifier.
 * @param originals The maps of the images' own classes, in order.
 * @param classes How many classes there are.
 * @throws {RangeError} When there is no other class.
 */
export async function otherClassTest(
  method: SanityMethod,
  images: readonly SanityImage[],
  originals: readonly ValueMap[],
  classes: number,
  options: SanityOptions = {},
): Promise<SanityResult> {
  if (classes < 2) throw new RangeError("Cannot compare with another class: the classifier has one");
  const generator = createStream(options.seed ?? 0, hashText(OTHER_CLASS));
  const others = images.map((image) => {
    const drawn = generator.below(classes - 1);
    return { ...image, target: drawn < image.target ? drawn : drawn + 1 };
  });
  return await compareVariant(OTHER_CLASS, method, others, originals, options);
}

/** Names of the two methods in a swap test's records. */
const OWN = "own";
const SWAPPED = "swapped";

/** The result of a swap test. */
export interface SwapResult {
  /** own − swapped by the measure's key, paired over the images. */
  readonly differences: Readonly<Record<string, Comparison>>;
  /** Measures in which the own explanation is better beyond noise. */
  readonly passed: readonly string[];
  /** Measures in which the swapped head is better: there the explanation does not depend on this backbone. */
  readonly failed: readonly string[];
  /** The evaluation of both. */
  readonly evaluation: EvaluateResult;
}

/**
 * The swap test: on one backbone, the explanation made for it against the one made for another backbone. P-TAME's map
 * comes from the auxiliary, so a head that was trained for another backbone tests whether training had an effect: it
 * must score worse.
 *
 * @param own Maps for the backbone of `score`.
 * @param swapped Maps for another backbone.
 */
export async function swapTest(
  own: MapMethod,
  swapped: MapMethod,
  options: Omit<EvaluateOptions, "methods">,
): Promise<SwapResult> {
  const evaluation = await evaluate({ ...options, methods: { [OWN]: own, [SWAPPED]: swapped } });
  const { seed, resamples } = options;
  const bootstrap = withoutUndefined({ seed, resamples });
  const differences = compareMethods(evaluation.records, OWN, SWAPPED, bootstrap);
  const aheadIn = (name: string) =>
    Object.keys(differences).filter((key) => differences[key]!.ahead === name);
  return { differences, passed: aheadIn(OWN), failed: aheadIn(SWAPPED), evaluation };
}
