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
import { colorize, type ColormapName } from "./colormap.ts";
import { colorizeSigned } from "./diverging.ts";
import type { CropWindow, RgbaImage, RgbImage, ValueMap } from "./types.ts";
import { placeMap } from "./upsample.ts";

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

function mapColours(values: Float32Array, { signed = false, colours, opacity = 0 }: MapLooks): Uint8Array {
  if (!(opacity >= 0 && opacity <= 1)) {
    throw new RangeError(`Cannot draw a map with an opacity of ${opacity}: it is a number from 0 to 1`);
  }
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

/** Brightness of a pixel as a grey of the same lightness to the eye, 0 to 255 (ITU-R BT.601). */
function grey(data: Uint8Array, at: number): number {
  return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
}

/**
 * Greys an image and blends a map into it, in place; what the classifier did not see becomes dark.
 *
 * @param image The image.
 * @param map Its map, of any size.
 * @param window The part of the image that the map covers, in its pixels.
 */
export function blend(image: RgbImage, map: ValueMap, window: CropWindow, looks: MapLooks): void {
  const { width, height, data } = image;
  const values = placeMap(map.values, map.width, map.height, window, width, height);
  const colours = mapColours(values, looks);
  const [left, right] = [window.x, window.x + window.width];
  const [top, bottom] = [window.y, window.y + window.height];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      const light = grey(data, at);
      const seen = x + 0.5 >= left && x + 0.5 < right && y + 0.5 >= top && y + 0.5 < bottom;
      const alpha = seen ? valueOpacity(values[y * width + x]!, looks) : 0;
      const calm = seen ? light * (1 - alpha) : UNSEEN * light;
      for (let c = 0; c < 3; c++) data[at + c] = calm + colours[at + c]! * alpha + 0.5;
    }
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
