/**
 * Colour maps: one table of names, colours, and whether lightness rises with the value. Where it does, a map can be read
 * in grey and by colour-blind readers. turbo is a rainbow: it shows more steps, and is darkest at both ends.
 *
 * @module
 */
import { base64ToUint8Array } from "uint8array-extras";
import { COLOUR_TABLES } from "./_colormap_data.ts";

/** Names of the colour maps. */
export type ColormapName = "inferno" | "viridis" | "magma" | "cividis" | "turbo" | "grey";

/** A colour map. */
interface Colormap {
  /** 256 colours of 3 bytes, from the value 0 to the value 1. */
  readonly table: Uint8Array;
  /** Whether every higher value is lighter. */
  readonly rises: boolean;
}

const MAPS: Readonly<Record<ColormapName, Colormap>> = {
  inferno: { table: base64ToUint8Array(COLOUR_TABLES.inferno), rises: true },
  viridis: { table: base64ToUint8Array(COLOUR_TABLES.viridis), rises: true },
  magma: { table: base64ToUint8Array(COLOUR_TABLES.magma), rises: true },
  cividis: { table: base64ToUint8Array(COLOUR_TABLES.cividis), rises: true },
  turbo: { table: base64ToUint8Array(COLOUR_TABLES.turbo), rises: false },
  grey: { table: Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)), rises: true },
};

/** The names of all colour maps; the first is the usual one. */
export const COLORMAPS: readonly ColormapName[] = Object.keys(MAPS) as ColormapName[];

/** The names of those whose lightness rises with the value. */
export const RISING_COLORMAPS: readonly ColormapName[] = COLORMAPS.filter((name) => MAPS[name].rises);

/**
 * The colours of a map: 256 of 3 bytes, from the value 0 to the value 1.
 *
 * @throws {RangeError} When there is no such colour map.
 */
export function colourTable(map: ColormapName = "inferno"): Uint8Array {
  if (Object.hasOwn(MAPS, map)) return MAPS[map].table;
  throw new RangeError(`Cannot colorize: no colour map "${map}"; there are ${COLORMAPS.join(", ")}`);
}

/**
 * Turns values into colours. Values are clamped to [0, 1]; NaN counts as 0.
 *
 * @param values Any number of values, 0 to 1.
 * @param map Which colours: inferno (black, red, yellow), magma (black, violet, pale yellow), viridis (violet, green,
 * yellow), cividis (blue, yellow), turbo (a rainbow) or grey.
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
