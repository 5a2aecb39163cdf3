/**
 * Draws lines of text in any script into RGB images. The shipped font has Latin, Greek and Cyrillic; others come from fonts
 * that {@linkcode configureFonts} names.
 *
 * Loaded when the first text is drawn: HarfBuzz and the font are 330 kB of text.
 *
 * @module
 */
import { inflateText } from "../_embedded.ts";
import type { RgbImage } from "../types.ts";
import { FONT } from "./font_data.ts";
import type { FontSettings } from "./fonts.ts";
import { type Face, type HarfBuzz, loadHarfBuzz, type ShapedGlyph } from "./harfbuzz.ts";
import { type Coverage, Filler } from "./raster.ts";
import { lineRuns, missingCharacters } from "./runs.ts";

/** Red, green, blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** Draws text. Sizes are pixels per em. */
export interface Lettering {
  /** Looks for fonts with the characters of texts that are about to be drawn. */
  cover(texts: readonly string[]): Promise<void>;
  /** The width of a line of text in pixels. */
  measure(text: string, size: number): number;
  /** The text, or the beginning of it that fits into `maxWidth` pixels, followed by "…". */
  fit(text: string, size: number, maxWidth: number): string;
  /**
   * Draws one line of text.
   *
   * @param image The image to draw into.
   * @param text The line.
   * @param x Left edge of the line, in pixels.
   * @param baseline Row of the baseline, in pixels.
   * @param size Pixels per em.
   * @param colour Colour of the letters.
   */
  draw(image: RgbImage, text: string, x: number, baseline: number, size: number, colour: Colour): void;
}

/** A run that has been shaped. */
interface ShapedRun {
  readonly face: Face;
  readonly glyphs: readonly ShapedGlyph[];
  /** In ems. */
  readonly width: number;
}

/** Characters of a line that are looked at: no image has room for more. */
const MOST_CHARACTERS = 1000;
/** Lines that are kept shaped, and drawn; a run over a folder draws the same legend under every image. */
const KEPT = 256;

/** What a line draws, normalised: blanks are blanks. */
function drawnText(text: string): string {
  return text.slice(0, MOST_CHARACTERS).normalize("NFC").replace(/[\s\p{Cc}]+/gu, " ");
}

/** A map that forgets everything when it is full. */
function remember<T>(kept: Map<string, T>, key: string, make: () => T): T {
  let found = kept.get(key);
  if (found === undefined) {
    if (kept.size >= KEPT) kept.clear();
    kept.set(key, found = make());
  }
  return found;
}

/** Opens the shipped font and those of the settings. */
export async function openLettering(settings: FontSettings): Promise<Lettering> {
  const [harfbuzz, shipped] = await Promise.all([loadHarfBuzz(), inflateText(FONT)]);
  const faces = [
    harfbuzz.openFace(shipped),
    ...(settings.fonts ?? []).map((font) => harfbuzz.openFace(font)),
  ];
  return createLettering(harfbuzz, faces, settings);
}

/** A font that was found; undefined where the file is none. */
function openIfFont(harfbuzz: HarfBuzz, font: Uint8Array): Face | undefined {
  try {
    return harfbuzz.openFace(font);
  } catch {
    return undefined;
  }
}

function createLettering(
  harfbuzz: HarfBuzz,
  faces: Face[],
  { find, onMissing }: FontSettings,
): Lettering {
  const shapes = new Map<string, readonly ShapedRun[]>();
  const drawings = new Map<string, Drawing>();
  const looked = new Set<string>();

  const shaped = (text: string) =>
    remember(shapes, text, () =>
      lineRuns(drawnText(text), faces).map(({ text, face, rightToLeft }) => {
        const glyphs = face.shape(text, rightToLeft);
        return {
          face,
          glyphs,
          width: glyphs.reduce((sum, { advance }) => sum + advance, 0) / face.unitsPerEm,
        };
      }));
  const measure = (text: string, size: number) =>
    size * shaped(text).reduce((sum, { width }) => sum + width, 0);

  return {
    async cover(texts) {
      let missing = missingCharacters(drawnText(texts.join(" ")), faces).filter((each) => !looked.has(each));
      if (missing.length === 0) return;
      missing.forEach((each) => looked.add(each));
      for await (const font of find?.(missing.join("")) ?? []) {
        const face = openIfFont(harfbuzz, font);
        const left = face === undefined ? missing : missingCharacters(missing.join(""), [...faces, face]);
        if (left.length < missing.length) faces.push(face!);
        else face?.close();
        missing = left;
        if (missing.length === 0) break;
      }
      shapes.clear();
      drawings.clear();
      if (missing.length > 0) onMissing?.(missing.join(""));
    },
    measure,
    fit(text, size, maxWidth) {
      if (measure(text, size) <= maxWidth) return text;
      const parts = Array.from(new Intl.Segmenter().segment(drawnText(text)), ({ segment }) => segment);
      const shortened = (count: number) => `${parts.slice(0, count).join("").trimEnd()}…`;
      let [fits, fails] = [-1, parts.length];
      while (fails - fits > 1) {
        const middle = (fits + fails) >> 1;
        if (measure(shortened(middle), size) <= maxWidth) fits = middle;
        else fails = middle;
      }
      return fits < 1 ? "" : shortened(fits);
    },
    draw(image, text, x, baseline, size, colour) {
      const [left, top] = [Math.floor(x), Math.floor(baseline)];
      // The same line at the same part of a pixel is the same drawing.
      const [partX, partY] = [x - left, baseline - top].map((part) => Math.round(8 * part) / 8);
      const key = `${size} ${partX} ${partY} ${text}`;
      const drawing = remember(drawings, key, () => drawLine(shaped(text), partX!, partY!, size));
      for (const part of drawing) paint(image, part, left, top, colour);
    },
  };
}

/** Coverage of the runs of a line, and where each stands from the line's origin. */
type Drawing = readonly { readonly x: number; readonly y: number; readonly coverage: Coverage }[];

/** Fills the glyphs, run by run: contours of two fonts may turn in opposite ways. */
function drawLine(runs: readonly ShapedRun[], x: number, y: number, size: number): Drawing {
  const [above, below, beside] = [1.5 * size, 0.75 * size, size].map(Math.ceil);
  let pen = x;
  return runs.map(({ face, glyphs, width }) => {
    const scale = size / face.unitsPerEm;
    const left = Math.floor(pen) - beside!;
    const filler = new Filler(Math.ceil(width * size) + 2 * beside! + 1, above! + below!);
    let at = pen - left;
    for (const { glyph, advance, x: right, y: up } of glyphs) {
      filler.add(face.outline(glyph), scale, at + scale * right, above! + y - scale * up);
      at += scale * advance;
    }
    pen += width * size;
    return { x: left, y: -above!, coverage: filler.coverage() };
  });
}

function paint(
  image: RgbImage,
  { x, y, coverage }: Drawing[number],
  left: number,
  top: number,
  colour: Colour,
) {
  const { width, height, data } = image;
  for (let row = 0; row < coverage.height; row++) {
    const toY = top + y + row;
    if (toY < 0 || toY >= height) continue;
    for (let column = 0; column < coverage.width; column++) {
      const toX = left + x + column;
      const alpha = coverage.values[row * coverage.width + column]!;
      if (alpha === 0 || toX < 0 || toX >= width) continue;
      const to = 3 * (toY * width + toX);
      for (let c = 0; c < 3; c++) data[to + c] = data[to + c]! * (1 - alpha) + colour[c]! * alpha + 0.5;
    }
  }
}
