/**
 * The plain types that the faithfulness measures share. A measure is pure: images and maps are arrays, and the
 * classifier is a callback, so that the trainer, the evaluate command and a browser page run the same code.
 *
 * @module
 */
import type { MaskMap } from "../explanation/blank_map.ts";

/**
 * Scores images: softmax probabilities, one array per image.
 *
 * Images are `[3, S, S]` in [0, 1], not normalised; measures may pass values slightly outside (noise).
 */
export type ScoreBatch = (images: Float32Array[], signal?: AbortSignal) => Promise<Float32Array[]>;

/** An image, the classifier's result for it, and the map to test. */
export interface Sample {
  /** `[3, H, W]` in [0, 1], not normalised. */
  readonly pixels: Float32Array;
  /** Pixels of a row; images are square without it. */
  readonly width?: number;
  /** The explanation: a mask in [0, 1] and what ranks it, any resolution; it is enlarged to H × W bilinearly. */
  readonly map: MaskMap;
  /** The explained class: the classifier's top class on the clean image. */
  readonly target: number;
  /** Probability of that class on the clean image. */
  readonly probability: number;
}

/** Mean and standard deviation that a classifier normalises with, per colour, for pixels in [0, 1]. */
export interface Normalization {
  /** Red, green, blue. */
  readonly mean: readonly [number, number, number];
  /** Red, green, blue. */
  readonly std: readonly [number, number, number];
}

/** The classifier's result for the target on a perturbed image. */
export interface Outcome {
  /** Probability of the target. */
  readonly probability: number;
  /** Whether the target is still the top class. */
  readonly correct: boolean;
  /** Logarithm of the ratio of the target's probability to the rival's, if there is a rival. */
  readonly margin?: number;
}

/** The order in which pixels are removed: most relevant first, or least relevant first. */
export type RemovalOrder = "morf" | "lerf";

/** A box around an object, in pixels of the S × S input: columns x to x + width, rows y to y + height. */
export interface Box {
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Extent to the right. */
  readonly width: number;
  /** Extent downwards. */
  readonly height: number;
}

/** The region of an object: boxes, or a mask of S × S values that are not 0 inside. */
export type Region = { readonly boxes: readonly Box[] } | { readonly mask: Uint8Array };

/** A mean over images with its bootstrap interval. */
export interface Interval {
  /** The mean. */
  readonly value: number;
  /** Lower end of the interval. */
  readonly low: number;
  /** Upper end of the interval. */
  readonly high: number;
}
