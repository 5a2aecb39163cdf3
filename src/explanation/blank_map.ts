/**
 * Maps that show nothing, and why: a map of zeros looks like a finding, but is none.
 *
 * @module
 */
import type { ValueMap } from "../image/types.ts";

/** A map as a method's formula gives it, not scaled to [0, 1]. */
export interface RawMap extends ValueMap {
  /** The same before values below zero are cut off; absent if none are. */
  readonly signed?: Float32Array;
  /** Whether every gradient that the formula uses is zero. */
  readonly withoutGradient?: boolean;
  /** Of methods whose values should add up to a difference of scores. */
  readonly completeness?: Completeness;
  /** Of methods that stop when their ranking has settled. */
  readonly settling?: Settling;
}

/** What a map's values add up to, and what they should. */
export interface Completeness {
  /** Sum of all values. */
  readonly sum: number;
  /** The score of the image less that of the start. */
  readonly difference: number;
}

/** How far a map that is drawn by lot has settled. */
export interface Settling {
  /** Masks that were asked. */
  readonly masks: number;
  /** Expected rank correlation with the map of as many other masks, from the map's two halves. */
  readonly agreement: number;
  /** Whether it reached what was requested. */
  readonly settled: boolean;
}

/** Why a map shows nothing. */
export type BlankReason =
  /** Every value is negative or zero before the formula cuts off what is negative. */
  | "negative"
  /** No gradient reaches the layer, or the image. */
  | "no-gradient"
  /** All values are the same. */
  | "constant"
  /** A value is infinite or no number: an overflow. */
  | "not-finite";

/** The same in a few words, for a line below an image. */
export const BLANK_WORDS: Readonly<Record<BlankReason, string>> = {
  "negative": "all evidence is against the class",
  "no-gradient": "no gradient reaches the layer",
  "constant": "all values are the same",
  "not-finite": "its values overflow",
};

/** That a map shows nothing. */
export interface BlankMap {
  /** Why, as one word. */
  readonly reason: BlankReason;
  /** Why, as a phrase for people. */
  readonly note: string;
}

/**
 * A map as measures take it: a mask in [0, 1], the values that rank its pixels, and why it shows nothing if it does
 * not. What makes a map legible alone (a cap, the magnitude) is in none of them but `shown`.
 */
export interface MaskMap extends ValueMap {
  /** Present if the mask shows nothing; its values are all 0 then. */
  readonly blank?: BlankMap;
  /** The values of the formula, which rank the pixels, as many as `values`; absent if `values` are those. */
  readonly raw?: Float32Array;
  /** Whether a value of `raw` below zero is evidence against the class; not without it. */
  readonly signed?: boolean;
  /** The mask that people see, if it is another: of magnitudes, or capped. */
  readonly shown?: Float32Array;
}

/** Why a map shows nothing; `undefined` if it tells something. */
export function findBlank({ values, signed, withoutGradient }: RawMap): BlankMap | undefined {
  const own = signed ?? values;
  const infinite = own.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  if (infinite > 0) {
    return {
      reason: "not-finite",
      note:
        `${infinite} of ${own.length} values are not finite: the classifier overflows, or its weights are damaged`,
    };
  }
  if (values.some((value) => value !== values[0])) return undefined;
  if (withoutGradient) {
    return { reason: "no-gradient", note: "no gradient reaches it: it does not change the score" };
  }
  const negative = signed !== undefined && values[0] === 0 && signed.some((value) => value < 0);
  return negative
    ? {
      reason: "negative",
      note: "every value is negative before the ReLU: the layer holds evidence against the class alone",
    }
    : { reason: "constant", note: "all values are the same" };
}

/** The mask of a map as `scale` makes it, with the map's own values; or zeros where the map shows nothing. */
export function maskOrBlank(raw: RawMap, scale: (raw: RawMap) => MaskMap): MaskMap {
  const blank = findBlank(raw);
  if (blank === undefined) return { raw: raw.values, ...scale(raw) };
  const { width, height } = raw;
  return { width, height, values: new Float32Array(width * height), blank };
}
