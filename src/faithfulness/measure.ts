/**
 * The interface of a measure: the names and formats of its values, its requirements, and its probe. A new measure is
 * one definition and one line in measures.ts.
 *
 * @module
 */
import type { MeasurePreset } from "./presets.ts";
import type { Enlarged, Probe } from "./probe.ts";
import type { Normalization, Region } from "./types.ts";
import type { MaskMap } from "../explanation/blank_map.ts";

/** Description of one value of a measure, for people. */
export interface ValueDescription {
  /** Title in tables, such as "AD 50 %". */
  readonly title: string;
  /** What it is, as a sentence that spells its name out, without what is better. */
  readonly meaning: string;
  /** Which direction is better. */
  readonly better: "higher" | "lower";
  /** Number of decimals to show. */
  readonly digits: number;
}

/** A curve's horizontal axis, in percent of the pixels. */
export interface CurveAxis {
  /** Positions. */
  readonly percents: number[];
  /** Meaning of a percentage. */
  readonly means: "removed" | "kept";
  /** Meaning of the curve's height, in words. */
  readonly height: "probability" | "accuracy" | "change";
}

/** Context of probes, besides a map. */
export interface ProbeContext {
  /** The classifier's normalisation. */
  readonly normalization?: Normalization | undefined;
  /** Region of the object, if known. */
  readonly region?: Region | undefined;
  /** The most probable other class, and the logarithm of the ratio of the two probabilities on the clean image. */
  readonly rival?: { readonly index: number; readonly margin: number } | undefined;
  /** Seed of the noise for this image. */
  readonly seed: number;
  /**
   * Runs the method again on a changed image of the same size, for measures of the stability of maps. If the method
   * reads another crop of the image, that is changed, too.
   *
   * @param change Gives the changed pixels for those of a crop, [3, S, S].
   */
  readonly explainAgain?: ((change: (pixels: Float32Array) => Float32Array) => Promise<MaskMap>) | undefined;
}

/**
 * What a measure does with values of a signed map below zero, which are evidence against the class:
 * `order`: they rank below zero, and their size does not count; `zero`: they count as 0, like pixels without evidence;
 * `sign`: they count as they are; `magnitude`: they count as much as the same value above zero.
 */
export type NegativeValues = "order" | "zero" | "sign" | "magnitude";

/** A measure. */
export interface MeasureDefinition<Name extends string = string> {
  /** Its name on the command line. */
  readonly name: Name;
  /** Its source. */
  readonly source: string;
  /** What it does with values below zero. */
  readonly negative: NegativeValues;
  /** The part of a preset with its protocol. */
  readonly part: keyof Omit<MeasurePreset, "name" | "source">;
  /** Name of the preset to use if the requested one does not define it. */
  readonly standIn: string;
  /** Its requirements besides a map and scores. */
  readonly needs?: readonly ("region" | "explainAgain" | "rival")[];
  /** Whether it is defined for a class other than the classifier's top class, under this preset. Most are. */
  readonly onlyOfTopClass?: (preset: MeasurePreset) => boolean;
  /**
   * Images that several measures share are scored once: measures of one probe name the same, which is called with the
   * names of the requested ones.
   */
  readonly probe: (
    sample: Enlarged,
    preset: MeasurePreset,
    context: ProbeContext,
    asked: readonly string[],
  ) => Probe;
  /** Describes one of its values by key; undefined if the key belongs to another measure. */
  describe(key: string): ValueDescription | undefined;
  /** The axis of a curve by key and number of points. */
  axis?(key: string, preset: MeasurePreset, points: number): CurveAxis;
}

/** The parts of a measure that has one value, whose key is the measure's name. */
export type SingleMeasure<Name extends string> = Omit<MeasureDefinition<Name>, "describe"> & {
  readonly description: ValueDescription;
};

/** A measure with one value. */
export function singleMeasure<Name extends string>(parts: SingleMeasure<Name>): MeasureDefinition<Name> {
  const { description, ...rest } = parts;
  return { ...rest, describe: (key) => key === parts.name ? description : undefined };
}
