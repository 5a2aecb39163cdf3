/**
 * The interface of a baseline: a function from an image and a class to a map, over a classifier.
 *
 * @module
 */
import { valueRange } from "../image/range.ts";
import { type MaskMap, maskOrBlank, type RawMap } from "../explanation/blank_map.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { ValueMap } from "../image/types.ts";
import type { OpenClassifier } from "../classifier/open.ts";

/** Progress of a map that needs many passes. */
export interface MapProgress {
  /** Passes done. */
  readonly done: number;
  /** Total number of passes. */
  readonly total: number;
}

/** Options for one map. */
export interface AttributeOptions {
  /** Stops between passes. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each pass or batch of passes by methods that need many. */
  readonly onProgress?: ((progress: MapProgress) => void) | undefined;
}

/**
 * A method over a classifier: gives the values of its formula, not scaled to [0, 1].
 *
 * @param pixels `[3, S, S]` in [0, 1], not normalised.
 * @param target The class to explain.
 */
export type Attribute = (
  pixels: Float32Array,
  target: number,
  options?: AttributeOptions,
) => Promise<RawMap>;

/** What a method asks for: of the classifier from nothing to all, or a head. */
export type MethodNeeds =
  /** Only the image: a control. */
  | "image"
  /** Scores: only the classifier's inputs and outputs. */
  | "scores"
  /** Scores, and the activations at the tap. */
  | "activations"
  /** Gradients: a classifier that can be differentiated. */
  | "gradient"
  /** A head that was trained for it: P-TAME. */
  | "head";

/**
 * How people see the values of a formula: as a mask in [0, 1]. Measures rank the values themselves, see
 * {@linkcode maskFrom}.
 */
export type MaskScale =
  /** `(value − least) / (greatest − least)`. */
  | "range"
  /**
   * The same for magnitudes, because the sign gives only the direction. Values are capped at the 99th percentile;
   * otherwise a few extreme pixels would make the rest of the map black (Smilkov et al. 2017, section 3).
   */
  | "magnitude"
  /** Unchanged: the values are already in [0, 1]. */
  | "mask";

/** Options of a method, besides image, class and classifier. */
export interface MethodOptions {
  /** Seed of random numbers; 0 by default. */
  readonly seed?: number;
  /** Number of masks of RISE (4,000 by default), LIME and KernelSHAP (1,000), or HSIC (500). */
  readonly masks?: number;
  /** Ends RISE when the expected rank correlation with another run reaches this, in (0, 1); never by default. */
  readonly settle?: number;
  /** Number of steps of Integrated Gradients, or of extremal perturbations for each area. */
  readonly steps?: number;
  /** Number of samples of SmoothGrad and Expected Gradients (50 by default), or of Sobol for each cell (32). */
  readonly samples?: number;
  /** Number of channels of Score-CAM, those of greatest variance; all by default. */
  readonly camChannels?: number;
}

/** An option that sets how many passes a method takes. */
export type CountOption = keyof Omit<MethodOptions, "seed" | "settle">;

/** Facts about a method, for lists. */
export interface MethodFacts {
  /** Name on the command line and in reports. */
  readonly name: string;
  /** Name in prose. */
  readonly title: string;
  /** Its source, "" for controls. */
  readonly source: string;
  /** What it asks for. */
  readonly needs: MethodNeeds;
  /** The option for its number of passes, if that is a free choice. */
  readonly count?: CountOption;
  /** Whether it takes `settle`, and then fewer passes. */
  readonly settles?: true;
  /** Whether it uses the tap; not if it needs only scores or the image's gradient. */
  readonly tapped: boolean;
  /** Whether it asks for the attentions of a transformer, so that other networks are refused. */
  readonly attends?: true;
  /** Whether all classes have the same map although the method asks the classifier. */
  readonly classless?: true;
  /**
   * Number of passes through the classifier for one map; a backward pass counts as one, too.
   *
   * @param channels Channels of the tap; for some methods it is the number of passes.
   */
  passes(channels: number, options?: MethodOptions): number;
}

/** A baseline: a formula over a classifier that may be opened. */
export interface BaselineDefinition extends MethodFacts {
  /** What it needs from the classifier. */
  readonly needs: Exclude<MethodNeeds, "head">;
  /** How people see its values. */
  readonly view: MaskScale;
  /** Whether a value below zero is evidence against the class; methods that cut those off, or give magnitudes, have none. */
  readonly signed: boolean;
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

/** A method for evaluations: its values are scaled to [0, 1]. */
export function createMapMethod(
  definition: MapSense,
  attribute: Attribute,
  options: Pick<AttributeOptions, "onProgress"> = {},
): MapMethod {
  return async ({ pixels }, target, signal) =>
    maskFrom(await attribute(pixels, target, { ...options, signal }), definition);
}

/** What the values of a method mean. */
export type MapSense = Pick<BaselineDefinition, "view" | "signed">;

/**
 * A method's map as measures take it; zeros where it shows nothing. The mask of a signed map is its positive part, as a
 * share of the greatest value; that of another goes from its least value to its greatest. No value is capped: that is
 * for people.
 */
export function maskFrom(raw: RawMap, { view, signed }: MapSense): MaskMap {
  return maskOrBlank(raw, (map) => {
    const { width, height, values } = map;
    if (view === "mask") return { width, height, values };
    const shown = view === "magnitude" ? { shown: scaleToMask(map, view).values } : {};
    const mask = signed ? positiveShare(values) : scaleToMask(map, "range").values;
    return { width, height, values: mask, signed, ...shown };
  });
}

/** What is above zero, as a share of the greatest value; zeros where nothing is. */
function positiveShare(values: Float32Array): Float32Array {
  const { high } = valueRange(values);
  return values.map((value) => value > 0 ? value / high : 0);
}

/**
 * Scales a map to a mask in [0, 1]; a constant map gives zeros.
 *
 * @throws {RangeError} When a value is not finite.
 */
export function scaleToMask(map: ValueMap, view: MaskScale): ValueMap {
  if (view === "mask") return map;
  const { values } = shownValues(map, view);
  const { low, high } = valueRange(values);
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    throw new RangeError("Cannot explain: the map is not finite; the classifier's weights may be damaged");
  }
  // No minimum range: gradients are tiny if the classifier is confident.
  const span = high > low ? high - low : 1;
  return { ...map, values: values.map((value) => (value - low) / span) };
}

/** The values of a map that are scaled. */
export function shownValues(map: ValueMap, view: MaskScale): ValueMap {
  return view === "magnitude" ? { ...map, values: capped(map.values.map(Math.abs)) } : map;
}

/** Share of the magnitudes below the cap. */
export const CAP_SHARE = 0.99;

/** Values no greater than their 99th percentile. */
function capped(values: Float32Array): Float32Array {
  const cap = values.toSorted()[Math.floor(CAP_SHARE * (values.length - 1))]!;
  // A map of mostly zeros keeps its few values; NaN stays, to be detected later.
  return cap > 0 ? values.map((value) => (value > cap ? cap : value)) : values;
}
