/**
 * How values become masks in [0, 1]: each map by its own least and greatest value, or several by common ones, so that
 * they can be compared.
 *
 * @module
 */
import { valueRange } from "../image/range.ts";
import type { ValueMap } from "../image/types.ts";
import { findBlank, type MaskMap, type RawMap } from "./blank_map.ts";

/** The values that 0 and 1 of a mask stand for. */
export interface ScaleEnds {
  /** What 0 stands for. */
  readonly low: number;
  /** What 1 stands for. */
  readonly high: number;
}

/** Each map by its own range, the maps of one explanation by theirs together, or by given ends. */
export type MapScale = "own" | "shared" | ScaleEnds;

/** A mask with the values that its 0 and 1 stand for. */
export type ScaledMask = MaskMap & { readonly scale: ScaleEnds };

/**
 * The masks of maps.
 *
 * @param shown Values of a map as they are scaled: magnitudes, for some methods.
 * @param least Least distance of the ends, so that rounding errors are not enlarged to a map.
 */
export function scaledMasks(
  maps: readonly RawMap[],
  scale: MapScale,
  shown: (map: RawMap) => ValueMap = (map) => map,
  least = 0,
): ScaledMask[] {
  const blanks = maps.map(findBlank);
  const values = maps.map((map, i) => blanks[i] === undefined ? shown(map).values : undefined);
  const ranges = values.map((own) => own === undefined ? undefined : valueRange(own));
  const known = ranges.filter((range) => range !== undefined);
  const common = {
    low: Math.min(...known.map(({ low }) => low)),
    high: Math.max(...known.map(({ high }) => high)),
  };
  return maps.map(({ width, height }, i) => {
    const [own, blank] = [values[i], blanks[i]];
    if (own === undefined) {
      return {
        width,
        height,
        values: new Float32Array(width * height),
        blank: blank!,
        scale: { low: 0, high: 0 },
      };
    }
    const ends = scale === "own" ? ranges[i]! : scale === "shared" ? common : scale;
    // Gradients are tiny if the classifier is confident, so only a method knows a least distance.
    const span = Math.max(ends.high - ends.low, least) || 1;
    const held = (value: number) => Math.min(1, Math.max(0, (value - ends.low) / span));
    return { width, height, values: own.map(held), scale: { low: ends.low, high: ends.high } };
  });
}
