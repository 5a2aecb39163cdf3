/**
 * A contact sheet: photographs, each with the maps of several methods beside it and what the classifier sees below.
 *
 * @module
 */
import { blend, scaleColours } from "../../src/image/map_colours.ts";
import { filledImage, pasteImage } from "../../src/image/rectangle.ts";
import { resizeImage } from "../../src/image/resize.ts";
import { loadLettering } from "../../src/image/text/fonts.ts";
import type { Colour, Lettering } from "../../src/image/text/lettering.ts";
import type { RgbImage, ValueMap } from "../../src/image/types.ts";

/** A photograph and its maps. */
export interface SheetRow {
  /** What the classifier reads: a square. */
  readonly photo: RgbImage;
  /** One map of each method. */
  readonly maps: readonly ValueMap[];
  /** Lines below: what is seen and how surely. */
  readonly captions: readonly string[];
}

/** What a sheet is made of. */
export interface Sheet {
  /** Lines at the top, the first larger. */
  readonly title: readonly string[];
  /** Names of the methods. */
  readonly columns: readonly string[];
  readonly rows: readonly SheetRow[];
  /** Side of a picture, in pixels. */
  readonly cell: number;
  /** Photographs beside each other, each with its maps. */
  readonly across: number;
}

const BACKGROUND: Colour = [22, 24, 29];
const WHITE: Colour = [244, 245, 247];
const GREY: Colour = [164, 170, 180];
const GAP = 3;
const BETWEEN = 22;
const MARGIN = 14;
/** Sizes of the first line, of other text, and the height of a line of that. */
const LARGE = 17;
const SMALL = 12;
const LINE = 15;

/** Draws a sheet. */
export async function drawSheet({ title, columns, rows, cell, across }: Sheet): Promise<RgbImage> {
  const font = await loadLettering();
  await font.cover([...title, ...columns, ...rows.flatMap(({ captions }) => captions)]);
  const lines = Math.max(1, ...rows.map(({ captions }) => captions.length));
  const block = (1 + columns.length) * (cell + GAP) - GAP;
  const deep = Math.ceil(rows.length / across);
  const top = MARGIN + LARGE + LINE * Math.max(1, title.length - 1) + 12 + LINE;
  const step = cell + LINE * lines + 10;
  const width = 2 * MARGIN + Math.min(across, rows.length) * (block + BETWEEN) - BETWEEN;
  const height = top + deep * step + MARGIN - 6;
  const canvas = filledImage(width, height, BACKGROUND);

  const room = width - 2 * MARGIN;
  title.forEach((line, i) => {
    const size = i === 0 ? LARGE : SMALL;
    font.draw(
      canvas,
      font.fit(line, size, room),
      MARGIN,
      MARGIN + LARGE + i * LINE,
      size,
      i === 0 ? WHITE : GREY,
    );
  });
  drawScale(canvas, font, width - MARGIN, MARGIN + 5);

  rows.forEach(({ photo, maps, captions }, i) => {
    // Down first: the order of the rows reads as columns of a page.
    const x = MARGIN + Math.floor(i / deep) * (block + BETWEEN);
    const y = top + (i % deep) * step;
    if (i % deep === 0) {
      ["photograph", ...columns].forEach((name, column) => {
        const text = font.fit(name, SMALL, cell);
        font.draw(canvas, text, x + column * (cell + GAP), y - 5, SMALL, GREY);
      });
    }
    pasteImage(canvas, resizeImage(photo, cell, cell), x, y);
    maps.forEach((map, column) => {
      const laid = resizeImage(photo, cell, cell);
      blend(laid, map, { x: 0, y: 0, width: cell, height: cell }, {});
      pasteImage(canvas, laid, x + (column + 1) * (cell + GAP), y);
    });
    captions.forEach((line, k) => {
      const text = font.fit(line, SMALL, block);
      font.draw(canvas, text, x, y + cell + LINE * (k + 1) - 3, SMALL, k === 0 ? WHITE : GREY);
    });
  });
  return canvas;
}

/** What the colours mean, in the upper right corner. */
function drawScale(
  canvas: RgbImage,
  font: Lettering,
  right: number,
  y: number,
): void {
  const [little, much, length, thickness] = ["counts little", "counts most", 90, 9];
  const x = right - font.measure(much, SMALL) - 6 - length;
  const colours = scaleColours(length);
  for (let row = 0; row < thickness; row++) {
    canvas.data.set(colours, 3 * ((y + row) * canvas.width + Math.round(x)));
  }
  font.draw(canvas, little, x - 6 - font.measure(little, SMALL), y + thickness, SMALL, GREY);
  font.draw(canvas, much, right - font.measure(much, SMALL), y + thickness, SMALL, GREY);
}
