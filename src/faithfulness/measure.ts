/**
 * What a measure is to everything around it: how its values are called and read, what it needs, and the probe that takes
 * it. A new measure is one definition and one line in measures.ts.
 *
 * @module
 */
import type { Preset } from "./presets.ts";
import type { Enlarged, Probe } from "./probe.ts";
import type { Normalization, Region } from "./types.ts";
import type { ValueMap } from "../image/types.ts";

/** One number that a measure gives, as people read it. */
export interface ValueDescription {
  /** As tables call it: "AD 50 %". */
  readonly title: string;
  /** Which direction is good. */
  readonly better: "higher" | "lower";
  /** Decimals that are worth reading. */
  readonly digits: number;
}

/** A curve's horizontal axis, in percent of the pixels. */
export interface CurveAxis {
  /** Positions. */
  readonly percents: number[];
  /** What a percentage means. */
  readonly means: "removed" | "kept";
  /** What the curve's height is, in words. */
  readonly height: "probability" | "accuracy" | "change";
}

/** What probes need beside a map. */
export interface ProbeContext {
  /** What the classifier normalises with. */
  readonly normalization?: Normalization | undefined;
  /** Where the object is, where that is known. */
  readonly region?: Region | undefined;
  /** Of the noise of this image. */
  readonly seed: number;
  /**
   * Asks the method again, on a changed image of the same size: for measures of how stable its maps are. Where the method
   * reads another cut of the image, that is changed too.
   *
   * @param change Gives the changed pixels for those of a cut, [3, S, S].
   */
  readonly explainAgain?: ((change: (pixels: Float32Array) => Float32Array) => Promise<ValueMap>) | undefined;
}

/** A measure. */
export interface MeasureDefinition<Name extends string = string> {
  /** Its name on the command line. */
  readonly name: Name;
  /** Who described it. */
  readonly source: string;
  /** The part of a preset that says how it is taken. */
  readonly part: keyof Omit<Preset, "name" | "source">;
  /** Name of the preset that says it where the one asked for does not. */
  readonly standIn: string;
  /** What it needs beside a map and scores. */
  readonly needs?: readonly ("region" | "explainAgain")[];
  /**
   * Whether it can be asked of a class that is not the classifier's top one, under this preset. Most can.
   */
  readonly onlyOfTopClass?: (preset: Preset) => boolean;
  /**
   * Images that several measures share are scored once: measures of one probe name the same, which is called with
   * the names of those that are asked for.
   */
  readonly probe: (
    sample: Enlarged,
    preset: Preset,
    context: ProbeContext,
    asked: readonly string[],
  ) => Probe;
  /** One of its values by the key of a reading; undefined where the key is another measure's. */
  describe(key: string): ValueDescription | undefined;
  /** The axis of the curve under a key, of so many points. */
  axis?(key: string, preset: Preset, points: number): CurveAxis;
}
