/**
 * Colours of signed values: blue below zero, near white at zero, orange above; equal steps look like equal steps, and
 * both sides are as dark as each other. Colour-blind readers can distinguish the two.
 *
 * Computed in Oklab (Björn Ottosson 2020, a perceptual colour space in the public domain), not copied from a table.
 *
 * @module
 */

/** Lightness, green to red, blue to yellow. */
type Oklab = readonly [lightness: number, a: number, b: number];

/** A colour by lightness, chroma and hue in degrees. */
function polar(lightness: number, chroma: number, hue: number): Oklab {
  const angle = hue * Math.PI / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

const BELOW = polar(0.58, 0.15, 252);
const ZERO = polar(0.97, 0, 0);
const ABOVE = polar(0.58, 0.15, 48);

/** The 8-bit sRGB colour nearest to an Oklab one. */
function toSrgb([lightness, a, b]: Oklab): [number, number, number] {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const encode = (linear: number) => {
    const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, value)));
  };
  return [
    encode(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
    encode(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
    encode(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short),
  ];
}

/** Steps from zero to either end. */
const STEPS = 127;

/** Colours from −1 to 1: 255 of 3 bytes, zero in the middle. */
export const SIGNED_COLOURS: Uint8Array = Uint8Array.from(
  Array.from({ length: 2 * STEPS + 1 }, (_, i) => {
    const share = (i - STEPS) / STEPS;
    const end = share < 0 ? BELOW : ABOVE;
    const mix = (at: 0 | 1 | 2) => ZERO[at] + Math.abs(share) * (end[at] - ZERO[at]);
    return toSrgb([mix(0), mix(1), mix(2)]);
  }).flat(),
);

/**
 * Turns signed values into colours. Values are clamped to [−1, 1]; NaN counts as 0.
 *
 * @returns Red, green, blue for each value, `values.length * 3` bytes.
 *
 * @example Both sides of zero
 * ```ts
 * import { colorizeSigned } from "./diverging.ts";
 *
 * const [red, , blue] = colorizeSigned(Float32Array.of(1));
 * if (red! <= blue!) throw new Error("above zero is orange");
 * ```
 */
export function colorizeSigned(values: Float32Array): Uint8Array {
  const out = new Uint8Array(values.length * 3);
  for (let i = 0; i < values.length; i++) {
    const value = Number.isNaN(values[i]) ? 0 : Math.min(1, Math.max(-1, values[i]!));
    const from = 3 * Math.round((value + 1) * STEPS);
    for (let c = 0; c < 3; c++) out[3 * i + c] = SIGNED_COLOURS[from + c]!;
  }
  return out;
}
