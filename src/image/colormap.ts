/**
 * Perceptually uniform colour maps: equal steps of the value look like equal steps.
 *
 * @module
 */
import { base64ToUint8Array } from "uint8array-extras";
import { INFERNO, VIRIDIS } from "./_colormap_data.ts";

/** Names of the colour maps. */
export type ColormapName = "inferno" | "viridis";

/** 256 colours of 3 bytes, from the value 0 to the value 1. */
type Table = Uint8Array;

const TABLES: Readonly<Record<ColormapName, Table>> = {
  inferno: base64ToUint8Array(INFERNO),
  viridis: base64ToUint8Array(VIRIDIS),
};

/** The names of all colour maps. */
export const COLORMAPS: readonly ColormapName[] = ["inferno", "viridis"];

/**
 * The colours of a map: 256 of 3 bytes, from the value 0 to the value 1.
 *
 * @throws {RangeError} When there is no such colour map.
 */
export function colourTable(map: ColormapName = "inferno"): Table {
  const colours = TABLES[map];
  if (colours !== undefined) return colours;
  throw new RangeError(`Cannot colorize: no colour map "${map}"; there are ${COLORMAPS.join(", ")}`);
}

/**
 * Turns values into colours. Values are clamped to [0, 1]; NaN counts as 0.
 *
 * @param values Any number of values, 0 to 1.
 * @param map Which colours: inferno (black, red, yellow) or viridis (violet, green, yellow).
 * @returns Red, green, blue for each value, `values.length * 3` bytes.
 * @throws {RangeError} When there is no such colour map.
 *
 * @example The two ends of viridis
 * ```ts
 * import { colorize } from "./colormap.ts";
 *
 * const colours = colorize(Float32Array.of(0, 1), "viridis");
 * if (colours.join() !== "68,1,84,253,231,37") throw new Error(colours.join());
 * ```
 */
export function colorize(values: Float32Array, map: ColormapName = "inferno"): Uint8Array {
  const colours = colourTable(map);
  const out = new Uint8Array(values.length * 3);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const index = value > 0 ? 3 * Math.round(255 * Math.min(value, 1)) : 0;
    out[3 * i] = colours[index]!;
    out[3 * i + 1] = colours[index + 1]!;
    out[3 * i + 2] = colours[index + 2]!;
  }
  return out;
}
