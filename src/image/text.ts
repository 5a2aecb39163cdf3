/**
 * Draws antialiased text of any size into RGB images, from stored glyphs (DejaVu Sans). Neither Deno nor a
 * permission-free library can draw text.
 *
 * Supports Latin-1 and a few typographic characters; any other character is shown as a box.
 *
 * @module
 */
import { base64ToUint8Array } from "uint8array-extras";
import { CHARACTERS, FONT_ASCENT, FONT_SIZE, GLYPHS, METRICS, SPACE_ADVANCE } from "./_font_data.ts";
import { decodeBytes } from "./decode_bytes.ts";
import type { RgbImage } from "./types.ts";

/** Red, green, blue, 0 to 255. */
export type Colour = readonly [number, number, number];

interface Glyph {
  /** First column in the strip of all glyphs; -1 for the box. */
  readonly from: number;
  readonly width: number;
  /** From the pen to the glyph's left edge. */
  readonly left: number;
  readonly advance: number;
}

const TABLE: ReadonlyMap<string, Glyph> = readTable();
const SPACE: Glyph = { from: 0, width: 0, left: 0, advance: SPACE_ADVANCE };
const BOX: Glyph = { from: -1, width: 22, left: 3, advance: 28 };

function readTable(): Map<string, Glyph> {
  const metrics = METRICS.split(" ");
  let from = 0;
  return new Map([...CHARACTERS].map((character, i) => {
    const [width = 0, left = 0, advance = 0] = metrics[i]!.split(",").map(Number);
    const glyph = { from, width, left, advance };
    from += width;
    return [character, glyph];
  }));
}

function findGlyph(character: string): Glyph {
  return /\s/.test(character) ? SPACE : TABLE.get(character) ?? BOX;
}

/** The width of a line of text in pixels, at `size` pixels per em. */
export function measureText(text: string, size: number): number {
  let width = 0;
  for (const character of text.normalize("NFC")) width += findGlyph(character).advance;
  return width * size / FONT_SIZE;
}

/** The text, or the beginning of it that fits into `maxWidth` pixels, followed by "…". */
export function fitText(text: string, size: number, maxWidth: number): string {
  if (measureText(text, size) <= maxWidth) return text;
  const characters = [...text.normalize("NFC")];
  while (characters.length > 0) {
    characters.pop();
    const shortened = `${characters.join("").trimEnd()}…`;
    if (measureText(shortened, size) <= maxWidth) return shortened;
  }
  return "";
}

/** The strip of all glyphs, as coverage 0 to 255. */
interface Strip {
  readonly width: number;
  readonly height: number;
  readonly coverage: Uint8Array;
}

/** Draws lines of text; made by {@linkcode loadFont}. */
export interface Font {
  /**
   * Draws one line of text.
   *
   * @param image The image to draw into.
   * @param text The line.
   * @param x Left edge of the first character, in pixels.
   * @param baseline Row of the baseline, in pixels.
   * @param size Pixels per em.
   * @param colour Colour of the letters.
   */
  draw(image: RgbImage, text: string, x: number, baseline: number, size: number, colour: Colour): void;
}

/** The columns and weights that a pixel `[low, high)` of the result covers in the glyph. */
function overlap(index: number, low: number, high: number): number {
  return Math.max(0, Math.min(index + 1, high) - Math.max(index, low));
}

/** Mean coverage of the box `[x0, x1) x [y0, y1)` of a glyph, 0 to 1. */
function boxCoverage(strip: Strip, glyph: Glyph, x0: number, x1: number, y0: number, y1: number): number {
  let sum = 0;
  const lastX = Math.min(glyph.width, Math.ceil(x1));
  const lastY = Math.min(strip.height, Math.ceil(y1));
  for (let y = Math.max(0, Math.floor(y0)); y < lastY; y++) {
    const tall = overlap(y, y0, y1);
    const row = y * strip.width + glyph.from;
    for (let x = Math.max(0, Math.floor(x0)); x < lastX; x++) {
      sum += strip.coverage[row + x]! * tall * overlap(x, x0, x1);
    }
  }
  return sum / (255 * (x1 - x0) * (y1 - y0));
}

/** The hollow box for a character without a glyph. */
function boxGlyph(height: number): Strip {
  const coverage = new Uint8Array(BOX.width * height);
  const top = FONT_ASCENT - 32;
  for (let y = top; y < FONT_ASCENT; y++) {
    for (let x = 0; x < BOX.width; x++) {
      const inside = x >= 3 && x < BOX.width - 3 && y >= top + 3 && y < FONT_ASCENT - 3;
      coverage[y * BOX.width + x] = inside ? 0 : 255;
    }
  }
  return { width: BOX.width, height, coverage };
}

/** The font's own image, which is trusted. */
const FONT_LIMITS = { maxPixels: 2 ** 20, memory: 128 * 2 ** 20 };

/** Unpacks the glyphs. */
export async function loadFont(): Promise<Font> {
  const glyphs = await decodeBytes(base64ToUint8Array(GLYPHS), FONT_LIMITS);
  const coverage = new Uint8Array(glyphs.width * glyphs.height).map((_, i) => glyphs.data[3 * i]!);
  const strip: Strip = { width: glyphs.width, height: glyphs.height, coverage };
  const box = boxGlyph(strip.height);

  return {
    draw(image, text, x, baseline, size, colour): void {
      const scale = size / FONT_SIZE;
      const step = 1 / scale;
      const top = baseline - FONT_ASCENT * scale;
      let pen = x;
      for (const character of text.normalize("NFC")) {
        const glyph = findGlyph(character);
        const source = glyph === BOX ? box : strip;
        const shape = glyph === BOX ? { ...BOX, from: 0 } : glyph;
        const left = pen + glyph.left * scale;
        const firstX = Math.max(0, Math.floor(left));
        const lastX = Math.min(image.width, Math.ceil(left + glyph.width * scale));
        const firstY = Math.max(0, Math.floor(top));
        const lastY = Math.min(image.height, Math.ceil(top + strip.height * scale));
        for (let py = firstY; py < lastY; py++) {
          const y0 = (py - top) * step;
          for (let px = firstX; px < lastX; px++) {
            const x0 = (px - left) * step;
            const alpha = boxCoverage(source, shape, x0, x0 + step, y0, y0 + step);
            if (alpha === 0) continue;
            const at = 3 * (py * image.width + px);
            for (let c = 0; c < 3; c++) {
              image.data[at + c] = image.data[at + c]! * (1 - alpha) + colour[c]! * alpha + 0.5;
            }
          }
        }
        pen += glyph.advance * scale;
      }
    },
  };
}
