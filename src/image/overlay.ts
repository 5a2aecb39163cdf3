/**
 * Draws an explanation: the image with its heatmap, and below it the class, its probability and the scale of colours.
 *
 * @module
 */
import { blend, type DrawingLooks, type MapLooks, type OverlayLooks, scaleColours } from "./map_colours.ts";
import { filledImage, fillRectangle, pasteImage } from "./rectangle.ts";
import { resizeImage } from "./resize.ts";
import { loadLettering } from "./text/fonts.ts";
import type { Colour, Lettering } from "./text/lettering.ts";
import type { CropWindow, RgbImage, ValueMap } from "./types.ts";
import { scaledWindow } from "./upsample.ts";

export type { DrawingLooks, OverlayLooks };

/** Options of {@linkcode renderOverlay}. */
export interface OverlayOptions extends DrawingLooks {
  /** The first line: class and probability, such as "tabby 93.1 %". */
  readonly caption: string;
  /** A second line: model, or "untrained head". */
  readonly subtitle?: string;
  /** Whether the map has one scale with those of other classes, and not its own; false by default. */
  readonly sharedScale?: boolean;
  /** Names of the two classes of a contrast, for the legend. The map then has signed values, −1 to 1. */
  readonly contrast?: { readonly for: string; readonly against: string };
}

/** Bounds of the image's long side: text stays legible, files stay small. */
const LONG_SIDE = { least: 480, most: 1600 } as const;
/** Minimum width of the canvas, with the image centred, so that the text has room. */
const LEAST_WIDTH = 320;

const BACKGROUND: Colour = [22, 24, 29];
const WHITE: Colour = [244, 245, 247];
const GREY: Colour = [164, 170, 180];

function scaledSize(image: RgbImage, full: boolean): { width: number; height: number } {
  if (full) return { width: image.width, height: image.height };
  const long = Math.max(image.width, image.height);
  const scale = Math.min(Math.max(long, LONG_SIDE.least), LONG_SIDE.most) / long;
  return {
    width: Math.max(1, Math.round(image.width * scale)),
    height: Math.max(1, Math.round(image.height * scale)),
  };
}

/** Draws the window's edge, except where it is the image's own edge. */
function outline(photo: RgbImage, window: CropWindow, thickness: number): void {
  const left = Math.round(window.x);
  const top = Math.round(window.y);
  const right = Math.round(window.x + window.width);
  const bottom = Math.round(window.y + window.height);
  const edge: Colour = [232, 234, 238];
  if (left > 0) fillRectangle(photo, left - thickness, top, thickness, bottom - top, edge);
  if (right < photo.width) fillRectangle(photo, right, top, thickness, bottom - top, edge);
  // The horizontal lines include the corners.
  const from = left > 0 ? left - thickness : left;
  const to = right < photo.width ? right + thickness : right;
  if (top > 0) fillRectangle(photo, from, top - thickness, to - from, thickness, edge);
  if (bottom < photo.height) fillRectangle(photo, from, bottom, to - from, thickness, edge);
}

/** A caption's class and the probability after it, which is never shortened. */
function splitCaption(caption: string): { readonly label: string; readonly probability: string } {
  const probability = /\s[<>~]?[\d.]+\s?%$/.exec(caption)?.[0] ?? "";
  return { label: caption.slice(0, caption.length - probability.length), probability };
}

/** Words below the bar: at its ends, and between them the longest that has room. */
interface LegendWords {
  readonly ends: readonly [string, string];
  readonly between: readonly string[];
}

function legendWords(contrast: OverlayOptions["contrast"], sharedScale: boolean): LegendWords {
  if (contrast !== undefined) {
    return { ends: [`more ${contrast.against}`, `more ${contrast.for}`], between: [] };
  }
  return {
    ends: ["weakest", "strongest"],
    between: sharedScale
      ? ["of all explained classes (one scale)", "one scale"]
      : ["for this class (its own scale)", "its own scale"],
  };
}

/** Draws a horizontal colour bar with its words into `canvas`. */
function colourBar(
  canvas: RgbImage,
  lettering: Lettering,
  place: { readonly x: number; readonly y: number; readonly width: number; readonly size: number },
  looks: MapLooks,
  { ends, between }: LegendWords,
): void {
  const { x, y, width } = place;
  const thickness = Math.round(place.size * 0.62);
  const ramp = scaleColours(width, looks);
  fillRectangle(canvas, x - 1, y - 1, width + 2, thickness + 2, [84, 88, 96]);
  for (let row = 0; row < thickness; row++) canvas.data.set(ramp, 3 * ((y + row) * canvas.width + x));
  const size = place.size * 0.8;
  const baseline = y + thickness + Math.round(place.size * 1.06);
  const write = (text: string, left: number) => lettering.draw(canvas, text, left, baseline, size, GREY);
  const [first, last] = ends.map((text) => lettering.fit(text, size, width / 2 - 0.5 * size));
  const [firstWidth, lastWidth] = [first!, last!].map((text) => lettering.measure(text, size));
  write(first!, x);
  write(last!, x + width - lastWidth!);
  const room = width - firstWidth! - lastWidth! - 2 * size;
  const middle = between.find((text) => lettering.measure(text, size) <= room) ?? "";
  write(middle, x + firstWidth! + size + (room - lettering.measure(middle, size)) / 2);
}

/**
 * Draws an explanation: image with heatmap, the class and its probability, a colour bar.
 *
 * The image is grey under the map; the higher the map, the lighter. What lies outside the classifier's crop is dark and
 * outlined. Small images are enlarged, huge ones reduced (long side 480 to 1600 pixels); captions that are too long end with
 * "…". Characters that the shipped font lacks need another one: see `configureFonts`.
 *
 * @param image The image, upright.
 * @param map The map of one class, values in [0, 1], of any size; with `contrast`, values in [−1, 1].
 * @param window The part of the image that the map covers, in pixels of the image.
 * @param options Caption and looks.
 * @returns The image, ready for {@linkcode encodePng}.
 * @throws {TypeError} When the map's size does not fit its values.
 */
export async function renderOverlay(
  image: RgbImage,
  map: ValueMap,
  window: CropWindow,
  options: OverlayOptions,
): Promise<RgbImage> {
  const { caption, subtitle = "", contrast, sharedScale = false, full = false, ...plain } = options;
  const lettering = await loadLettering();
  const words = legendWords(contrast, sharedScale);
  await lettering.cover([caption, subtitle, ...words.ends]);
  const { width, height } = scaledSize(image, full);
  const resized = resizeImage(image, width, height);
  const drawn = scaledWindow(window, image, { width, height });
  const looks = { ...plain, signed: contrast !== undefined };
  blend(resized, map, drawn, looks);

  const canvasWidth = Math.max(width, LEAST_WIDTH);
  const most = full ? Math.max(canvasWidth / 60, 34) : 34;
  const size = Math.round(Math.min(Math.max(canvasWidth / 28, 16), most));
  outline(resized, drawn, Math.max(1, Math.round(size / 14)));
  const textHeight = size * (subtitle === "" ? 1.0 : 2.2);
  const canvasHeight = Math.round(height + textHeight + 4.1 * size);
  const canvas = filledImage(canvasWidth, canvasHeight, BACKGROUND);
  pasteImage(canvas, resized, (canvasWidth - width) >> 1, 0);

  const [top, textWidth] = [height + 0.8 * size, canvasWidth - 2 * size];
  const { label, probability } = splitCaption(caption);
  const baseline = Math.round(top + 0.84 * size);
  const fitted = lettering.fit(label, size, textWidth - lettering.measure(probability, size));
  lettering.draw(canvas, fitted, size, baseline, size, WHITE);
  // Apart from the class, whose script may run from right to left.
  lettering.draw(canvas, probability, size + lettering.measure(fitted, size), baseline, size, WHITE);
  const below = lettering.fit(subtitle, size * 0.8, textWidth);
  lettering.draw(canvas, below, size, Math.round(top + 2.0 * size), size * 0.8, GREY);
  const bar = { x: size, y: Math.round(top + textHeight + 0.7 * size), width: textWidth, size };
  colourBar(canvas, lettering, bar, looks, words);
  return canvas;
}
