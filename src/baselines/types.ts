/**
 * What a baseline is: a function from an image and a class to a map, over a classifier that it may open.
 *
 * @module
 */
import { rangeOf } from "../image/range.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { ValueMap } from "../image/types.ts";
import type { OpenClassifier } from "../classifier/open.ts";

/** How far a map of many passes is. */
export interface MapProgress {
  /** Passes done. */
  readonly done: number;
  /** Passes in all. */
  readonly total: number;
}

/** How one map is made. */
export interface AttributeOptions {
  /** Stops between passes. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each pass or batch of passes, by the methods that need many. */
  readonly onProgress?: ((progress: MapProgress) => void) | undefined;
}

/**
 * A method at work: the values of its formula, not brought into [0, 1].
 *
 * @param pixels `[3, S, S]` in [0, 1], not normalised.
 * @param target The class to explain.
 */
export type Attribute = (
  pixels: Float32Array,
  target: number,
  options?: AttributeOptions,
) => Promise<ValueMap>;

/** What a method asks for: of the classifier from nothing to all, or a head. */
export type MethodNeeds =
  /** The image alone: a control. */
  | "picture"
  /** Scores: the classifier stays closed, and may be anything. */
  | "scores"
  /** Scores, and the activations at the tap. */
  | "activations"
  /** Gradients: a classifier that can be differentiated. */
  | "gradient"
  /** A head that was trained for it: P-TAME. */
  | "head";

/** How the values of a formula become a mask in [0, 1]. */
export type MethodView =
  /** `(value − least) / (greatest − least)`. */
  | "range"
  /**
   * The same of the magnitudes, for the sign tells the direction only; what is above the 99th percentile counts as that,
   * or the map of a few outstanding pixels would be black elsewhere (Smilkov et al. 2017, section 3).
   */
  | "magnitude"
  /** As they are: they lie in [0, 1] already. */
  | "mask";

/** What a method depends on beside image, class and classifier. */
export interface MethodOptions {
  /** Of methods that draw random numbers; 0 by default. */
  readonly seed?: number;
  /** Passes of the methods that leave it open: RISE's masks, the steps of Integrated Gradients, SmoothGrad's samples. */
  readonly samples?: number;
}

/** What lists say of a method. */
export interface MethodFacts {
  /** Name on the command line and in reports. */
  readonly name: string;
  /** Name in prose. */
  readonly title: string;
  /** Who described it, "" for controls. */
  readonly source: string;
  /** What it asks for. */
  readonly needs: MethodNeeds;
  /** Whether it looks at the tap: not the case where it asks for the image's gradient, or for scores alone. */
  readonly tapped: boolean;
  /**
   * Passes through the classifier for one map; a pass back counts as one too.
   *
   * @param channels Channels of the tap, by which some methods count.
   */
  passes(channels: number, options?: MethodOptions): number;
}

/** A baseline: a formula over a classifier that may be opened. */
export interface BaselineDefinition extends MethodFacts {
  /** What it asks of the classifier. */
  readonly needs: Exclude<MethodNeeds, "head">;
  /** How its values become a mask. */
  readonly view: MethodView;
  /** The method over a classifier, its code loaded; the classifier is not disposed of with the method. */
  create(classifier: OpenClassifier, options?: MethodOptions): Promise<Attribute>;
}

/** A method whose maps come from a trained head: P-TAME. */
export interface HeadMethodDefinition extends MethodFacts {
  /** A trained head. */
  readonly needs: "head";
  /** It reads the auxiliary, not a layer of the classifier. */
  readonly tapped: false;
}

/** A method as lists show it; `openMethod` opens it. */
export type MethodDefinition = BaselineDefinition | HeadMethodDefinition;

/** A method as evaluations call it: its values brought into [0, 1]. */
export function mapMethodOf(
  { view }: Pick<BaselineDefinition, "view">,
  attribute: Attribute,
  options: Pick<AttributeOptions, "onProgress"> = {},
): MapMethod {
  return async ({ pixels }, target, signal) =>
    maskOf(await attribute(pixels, target, { ...options, signal }), view);
}

/**
 * A mask in [0, 1]; a flat map gives zeros.
 *
 * @throws {RangeError} When a value is not finite.
 */
export function maskOf(map: ValueMap, view: MethodView): ValueMap {
  if (view === "mask") return map;
  const values = view === "magnitude" ? capped(map.values.map(Math.abs)) : map.values;
  const { low, high } = rangeOf(values);
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    throw new RangeError("Cannot explain: the map is not finite; the classifier's weights may be damaged");
  }
  // No least span: gradients may be as small as the score is sure.
  const span = high > low ? high - low : 1;
  return { ...map, values: values.map((value) => (value - low) / span) };
}

/** Values no greater than their 99th percentile. */
function capped(values: Float32Array): Float32Array {
  const cap = values.toSorted()[Math.floor(0.99 * (values.length - 1))]!;
  // A map that is nearly all zeros keeps its few values; NaN is left to be found.
  return cap > 0 ? values.map((value) => (value > cap ? cap : value)) : values;
}
