/**
 * Draws an explanation: the image with its heatmap, and below it the class, its probability and the scale of colours.
 *
 * @module
 */
import { colorize, type ColormapName } from "./colormap.ts";
import { colorizeSigned } from "./diverging.ts";
import { resizeImage } from "./resize.ts";
import { type Colour, fitText, type Font, loadFont, measureText } from "./text.ts";
import type { CropWindow, RgbImage, ValueMap } from "./types.ts";
import { placeMap, scaledWindow } from "./upsample.ts";

/** Colours and strength of a map over an image. */
export interface OverlayLooks {
  /** Colours of the map; inferno by default. A contrast has its own colours. */
  readonly colours?: ColormapName;
  /** Opacity of the strongest part of the map, 0 to 1; 0.7 by default, 0.85 for a contrast. */
  readonly opacity?: number;
}

/** Options of {@linkcode renderOverlay}. */
export interface OverlayOptions extends OverlayLooks {
  /** The first line: class and probability, such as "tabby 93.1 %". */
  readonly caption: string;
  /** A second line: model, or "untrained head". */
  readonly subtitle?: string;
  /** Names of the two classes of a contrast, for the legend. The map then has signed values, −1 to 1. */
  readonly contrast?: { readonly for: string; readonly against: string };
}

/** How values become colours, and the labels of the bar. */
interface Scale {
  colours(values: Float32Array): Uint8Array;
  /** Opacity of a value, as a fraction of the maximum opacity. */
  weight(value: number): number;
  /** How much of the image's own colours to keep; two hues could not be distinguished from a coloured image. */
  readonly saturation: number;
  /** Default opacity of the strongest part of the map. */
  readonly opacity: number;
  /** The values at the ends of the bar. */
  readonly ends: readonly [number, number];
  /** Values with ticks, and the labels below them. */
  readonly ticks: readonly (readonly [value: number, text: string])[];
}

function colourScale({ colours, contrast }: Omit<OverlayOptions, "caption">): Scale {
  if (contrast !== undefined) {
    return {
      colours: colorizeSigned,
      weight: (value) => Math.min(Math.abs(value), 1),
      saturation: 0.1,
      opacity: 0.85,
      ends: [-1, 1],
      ticks: [[-1, `more ${contrast.against}`], [0, ""], [1, `more ${contrast.for}`]],
    };
  }
  return {
    colours: (values) => colorize(values, colours),
    weight: (value) => Math.min(Math.max(value, 0), 1),
    saturation: 0.75,
    opacity: 0.7,
    ends: [0, 1],
    ticks: [0, 0.25, 0.5, 0.75, 1].map((value) => [value, String(value)] as const),
  };
}

/** Bounds of the image's long side: text stays legible, files stay small. */
const LONG_SIDE = { least: 480, most: 1600 } as const;
/** Minimum width of the canvas, with the image centred, so that the text has room. */
const LEAST_WIDTH = 320;

const BACKGROUND: Colour = [22, 24, 29];
const WHITE: Colour = [244, 245, 247];
const GREY: Colour = [164, 170, 180];

function scaledSize(image: RgbImage): { width: number; height: number } {
  const long = Math.max(image.width, image.height);
  const scale = Math.min(Math.max(long, LONG_SIDE.least), LONG_SIDE.most) / long;
  return {
    width: Math.max(1, Math.round(image.width * scale)),
    height: Math.max(1, Math.round(image.height * scale)),
  };
}

function fillRectangle(
  image: RgbImage,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  for (let row = Math.max(0, y); row < Math.min(image.height, y + height); row++) {
    for (let column = Math.max(0, x); column < Math.min(image.width, x + width); column++) {
      image.data.set(colour, 3 * (row * image.width + column));
    }
  }
}

/** Blends the heatmap into the image; the part that the classifier did not see becomes grey and dark. */
export function blend(
  photo: RgbImage,
  map: ValueMap,
  window: CropWindow,
  options: Omit<OverlayOptions, "caption">,
): void {
  const { width, height, data } = photo;
  const values = placeMap(map.values, map.width, map.height, window, width, height);
  const scale = colourScale(options);
  const colours = scale.colours(values);
  const { opacity = scale.opacity } = options;
  const [left, right] = [window.x, window.x + window.width];
  const [top, bottom] = [window.y, window.y + window.height];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      const light = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      const seen = x + 0.5 >= left && x + 0.5 < right && y + 0.5 >= top && y + 0.5 < bottom;
      if (!seen) {
        data[at] = data[at + 1] = data[at + 2] = 0.5 * light + 0.5;
        continue;
      }
      // Reduce the image's own colours a little, so that they are not confused with the map's.
      const alpha = opacity * scale.weight(values[y * width + x]!);
      for (let c = 0; c < 3; c++) {
        const calm = scale.saturation * data[at + c]! + (1 - scale.saturation) * light;
        data[at + c] = calm * (1 - alpha) + colours[at + c]! * alpha + 0.5;
      }
    }
  }
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

/** Shortens the class, not the probability after it: "black-and-tan coon… 93.1 %". */
function fitCaption(caption: string, size: number, maxWidth: number): string {
  if (measureText(caption, size) <= maxWidth) return caption;
  const probability = /\s[<>~]?[\d.]+\s?%$/.exec(caption)?.[0] ?? "";
  const label = caption.slice(0, caption.length - probability.length);
  return fitText(label, size, maxWidth - measureText(probability, size)) + probability;
}

/** Draws a horizontal colour bar with ticks and labels into `canvas`. */
function colourBar(
  canvas: RgbImage,
  font: Font,
  place: { x: number; y: number; width: number; size: number },
  scale: Scale,
): void {
  const { x, y, width, size } = place;
  const [least, most] = scale.ends;
  const thickness = Math.round(size * 0.62);
  const ramp = scale.colours(
    Float32Array.from({ length: width }, (_, i) => least + (most - least) * i / Math.max(1, width - 1)),
  );
  fillRectangle(canvas, x - 1, y - 1, width + 2, thickness + 2, [84, 88, 96]);
  for (let i = 0; i < width; i++) {
    const colour: Colour = [ramp[3 * i]!, ramp[3 * i + 1]!, ramp[3 * i + 2]!];
    fillRectangle(canvas, x + i, y, 1, thickness, colour);
  }
  const tick = Math.max(2, Math.round(size * 0.2));
  for (const [value, words] of scale.ticks) {
    const at = x + Math.round((value - least) / (most - least) * (width - 1));
    fillRectangle(canvas, at, y + thickness + 1, 1, tick, GREY);
    const text = fitText(words, size * 0.8, width / 2 - 0.3 * size);
    const centred = at + 0.5 - measureText(text, size * 0.8) / 2;
    // Numbers are centred below their ticks; names are aligned with the ends of the bar.
    const left = /^[\d.]*$/.test(text)
      ? centred
      : Math.min(Math.max(centred, x), x + width - measureText(text, size * 0.8));
    font.draw(canvas, text, left, y + thickness + tick + size * 0.86, size * 0.8, GREY);
  }
}

/**
 * Draws an explanation: image with heatmap, the class and its probability, a colour bar.
 *
 * The lower the map, the more visible the image. What lies outside the classifier's crop is grey, dark and outlined.
 * Small images are enlarged, huge ones reduced (long side 480 to 1600 pixels); captions that are too long end with "…".
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
  const font = await loadFont();
  const { width, height } = scaledSize(image);
  const resized = resizeImage(image, width, height);
  const drawn = scaledWindow(window, image, { width, height });
  blend(resized, map, drawn, options);

  const canvasWidth = Math.max(width, LEAST_WIDTH);
  const size = Math.round(Math.min(Math.max(canvasWidth / 28, 16), 34));
  outline(resized, drawn, Math.max(1, Math.round(size / 14)));

  // Text on the left and bar on the right if there is room for both, else one below the other.
  const gap = size;
  const textHeight = options.subtitle === undefined ? size * 1.0 : size * 2.2;
  const barHeight = size * 1.75;
  const besideWidth = Math.round(canvasWidth * 0.64) - 3 * gap;
  const longest = Math.max(
    measureText(options.caption, size),
    measureText(options.subtitle ?? "", size * 0.8),
  );
  const beside = longest <= besideWidth;
  const textWidth = beside ? besideWidth : canvasWidth - 2 * gap;
  const barWidth = beside ? canvasWidth - besideWidth - 3 * gap : textWidth;
  const content = beside ? Math.max(textHeight, barHeight) : textHeight + 0.8 * size + barHeight;
  const canvasHeight = Math.round(height + content + 1.6 * size);

  const canvas: RgbImage = {
    width: canvasWidth,
    height: canvasHeight,
    data: new Uint8Array(canvasWidth * canvasHeight * 3),
  };
  fillRectangle(canvas, 0, 0, canvasWidth, canvasHeight, BACKGROUND);
  const indent = (canvasWidth - width) >> 1;
  for (let y = 0; y < height; y++) {
    canvas.data.set(
      resized.data.subarray(3 * y * width, 3 * (y + 1) * width),
      3 * (y * canvasWidth + indent),
    );
  }

  const top = height + 0.8 * size;
  const textTop = beside ? top + (content - textHeight) / 2 : top;
  const caption = fitCaption(options.caption, size, textWidth);
  font.draw(canvas, caption, gap, Math.round(textTop + 0.84 * size), size, WHITE);
  if (options.subtitle !== undefined) {
    const subtitle = fitText(options.subtitle, size * 0.8, textWidth);
    font.draw(canvas, subtitle, gap, Math.round(textTop + 2.0 * size), size * 0.8, GREY);
  }
  const barTop = beside ? top + (content - barHeight) / 2 : top + textHeight + 0.8 * size;
  const barX = beside ? canvasWidth - gap - barWidth : gap;
  colourBar(canvas, font, { x: barX, y: Math.round(barTop), width: barWidth, size }, colourScale(options));
  return canvas;
}
