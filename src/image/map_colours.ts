/**
 * How a map becomes colours over a photograph: the same in overlays, reports and pages.
 *
 * The photograph is grey under the map, so that all colour is the map's. Opacity starts at 0.6 of the strongest and rises
 * with the square of the map: with an opacity that starts at nothing, a low value darkens a bright photograph and a high one
 * lights it up, so lightness would fall and rise along the scale. Over any grey, lightness rises with the map, for
 * colour-blind readers and on a printer without colours, too (tests/image/map_colours_test.ts); not in turbo, a rainbow.
 *
 * @module
 */
import { colorize, type ColormapName, colourTable } from "./colormap.ts";
import { colorizeSigned, SIGNED_COLOURS } from "./diverging.ts";
import type { CropWindow, RgbaImage, RgbImage, ValueMap } from "./types.ts";
import { pixelsInWindow, placeMap } from "./upsample.ts";

/** Colours and strength of a map over an image. */
export interface OverlayLooks {
  /** Colours of the map; inferno by default. A contrast has its own colours. */
  readonly colours?: ColormapName;
  /** Opacity of the strongest part of the map, 0 to 1; 0.75 by default, 0.85 for a contrast. */
  readonly opacity?: number;
}

/** How an explanation is drawn. */
export interface DrawingLooks extends OverlayLooks {
  /** Whether the image keeps its own size; by default its longer side gets 480 to 1600 pixels. */
  readonly full?: boolean;
}

/** Looks of a map, or of a contrast, whose values are signed. */
export interface MapLooks extends OverlayLooks {
  /** Whether values are −1 to 1 rather than 0 to 1; false by default. */
  readonly signed?: boolean;
}

/** Opacity of the weakest part of a map, as a share of that of the strongest. */
const FLOOR = 0.6;
/** Default opacity of the strongest part. */
const OPACITY = { map: 0.75, contrast: 0.85 } as const;
/** Lightness of what the classifier does not see, as a share of its own. */
const UNSEEN = 0.28;

/** Opacity of a value. A contrast of nothing shows the photograph: its colour there is white, and would cover it. */
function valueOpacity(value: number, { signed = false, opacity }: MapLooks): number {
  const strength = Math.min(Math.abs(value), 1);
  return signed
    ? (opacity ?? OPACITY.contrast) * strength
    : (opacity ?? OPACITY.map) * (FLOOR + (1 - FLOOR) * strength ** 2);
}

/** @throws {RangeError} When the opacity is none. */
function checkOpacity({ opacity = 0 }: MapLooks): void {
  if (opacity >= 0 && opacity <= 1) return;
  throw new RangeError(`Cannot draw a map with an opacity of ${opacity}: it is a number from 0 to 1`);
}

function mapColours(values: Float32Array, looks: MapLooks): Uint8Array {
  checkOpacity(looks);
  const { signed = false, colours } = looks;
  return signed ? colorizeSigned(values) : colorize(values, colours);
}

/** A map as an image with opacity, to be laid over a grey photograph. */
export function mapLayer({ width, height, values }: ValueMap, looks: MapLooks = {}): RgbaImage {
  const colours = mapColours(values, looks);
  const data = new Uint8Array(width * height * 4);
  const layer = { width, height, data };
  for (let i = 0; i < values.length; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = colours[3 * i + c]!;
    data[4 * i + 3] = Math.round(255 * valueOpacity(values[i]!, looks));
  }
  return layer;
}

/** Colours of a scale from one end to the other, as they look over a photograph of middle grey: RGB of each step. */
export function scaleColours(steps: number, looks: MapLooks = {}): Uint8Array {
  const [from, to] = [looks.signed ? -1 : 0, 1];
  const values = Float32Array.from(
    { length: steps },
    (_, i) => from + (to - from) * i / Math.max(1, steps - 1),
  );
  const colours = mapColours(values, looks);
  return colours.map((colour, i) => {
    const alpha = valueOpacity(values[Math.floor(i / 3)]!, looks);
    return Math.round(128 * (1 - alpha) + colour * alpha);
  });
}

/** Shares of red, green and blue in a grey of the same lightness to the eye (ITU-R BT.601). */
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114];

/** Greys and darkens the pixels of a row from one to another, without the last: what the classifier does not see. */
function dim(data: Uint8Array, from: number, to: number): void {
  for (let at = 3 * from; at < 3 * to; at += 3) {
    const light = RED * data[at]! + GREEN * data[at + 1]! + BLUE * data[at + 2]!;
    data[at] = data[at + 1] = data[at + 2] = UNSEEN * light + 0.5;
  }
}

/**
 * Greys an image and blends a map into it, in place; what the classifier did not see becomes dark.
 *
 * @param image The image.
 * @param map Its map, of any size.
 * @param window The part of the image that the map covers, in its pixels.
 */
export function blend(image: RgbImage, map: ValueMap, window: CropWindow, looks: MapLooks): void {
  checkOpacity(looks);
  const { width, height, data } = image;
  const values = placeMap(map.values, map.width, map.height, window, width, height);
  const { left, top, right, bottom } = pixelsInWindow(window, image);
  for (let y = 0; y < height; y++) {
    const [row, seen] = [y * width, y >= top && y < bottom && left < right];
    dim(data, row, row + (seen ? left : width));
    if (!seen) continue;
    blendRow(data, values, row + left, row + right, looks);
    dim(data, row + right, row + width);
  }
}

/**
 * Blends values into pixels, from one to another, without the last. It works out opacity and colour as `valueOpacity` and
 * `mapColours` do: called for each pixel, they took most of an overlay's time.
 */
function blendRow(data: Uint8Array, values: Float32Array, from: number, to: number, looks: MapLooks): void {
  const { signed = false, colours, opacity = signed ? OPACITY.contrast : OPACITY.map } = looks;
  const table = signed ? SIGNED_COLOURS : colourTable(colours);
  const least = signed ? -1 : 0;
  const steps = signed ? 127 : 255;
  for (let i = from, at = 3 * from; i < to; i++, at += 3) {
    const value = values[i]!;
    const strength = Math.min(Math.abs(value), 1);
    const alpha = opacity * (signed ? strength : FLOOR + (1 - FLOOR) * strength * strength);
    // What is not a number counts as 0.
    const within = value >= 1 ? 1 : value > least ? value : value <= least ? least : 0;
    const colour = 3 * (((within - least) * steps + 0.5) | 0);
    const light = RED * data[at]! + GREEN * data[at + 1]! + BLUE * data[at + 2]!;
    const calm = light * (1 - alpha);
    data[at] = (calm + table[colour]! * alpha + 0.5) | 0;
    data[at + 1] = (calm + table[colour + 1]! * alpha + 0.5) | 0;
    data[at + 2] = (calm + table[colour + 2]! * alpha + 0.5) | 0;
  }
}

/** The colour scale, from the weakest to the strongest part, as a CSS gradient. */
export function scaleGradient(looks?: OverlayLooks): string {
  const colours = scaleColours(13, looks);
  const stops = Array.from(
    { length: colours.length / 3 },
    (_, i) => `rgb(${colours.subarray(3 * i, 3 * i + 3).join(" ")})`,
  );
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
