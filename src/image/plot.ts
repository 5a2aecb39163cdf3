/**
 * A plain line plot as an image: the loss curve of a training run. Reports use a plotting library.
 *
 * @module
 */
import { filledImage } from "./rectangle.ts";
import { loadLettering } from "./text/fonts.ts";
import type { Colour } from "./text/lettering.ts";
import type { RgbImage } from "./types.ts";

/** A curve. */
export interface PlotSeries {
  readonly name: string;
  /** Points, x ascending. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Labels of the plot. */
export interface PlotOptions {
  readonly title: string;
  /** Label of the x axis. */
  readonly xLabel: string;
}

const SIZE = { width: 960, height: 540 };
const FRAME = { left: 80, right: 30, top: 64, bottom: 64 };
const PAPER: Colour = [252, 252, 250];
const INK: Colour = [40, 42, 48];
const FAINT: Colour = [222, 222, 218];
/** Okabe and Ito's colours, which colour-blind readers can distinguish. */
const COLOURS: readonly Colour[] = [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167]];

/** Round numbers that divide a range into about `count` parts. */
export function niceTicks(low: number, high: number, count: number): number[] {
  const span = Math.max(high - low, 1e-9);
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw)!;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * span; i++) {
    // Avoid minus zero.
    ticks.push(i * step + 0);
  }
  return ticks;
}

/** Blends `colour` into a pixel with a coverage of 0 to 1. */
function touch(
  { width, height, data }: RgbImage,
  x: number,
  y: number,
  colour: Colour,
  coverage: number,
): void {
  if (x < 0 || y < 0 || x >= width || y >= height || coverage <= 0) return;
  const at = 3 * (y * width + x);
  const part = Math.min(coverage, 1);
  for (let c = 0; c < 3; c++) data[at + c] = data[at + c]! + (colour[c]! - data[at + c]!) * part;
}

/** An antialiased line of two pixels. */
function line(
  image: RgbImage,
  from: readonly [number, number],
  to: readonly [number, number],
  colour: Colour,
): void {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  const [left, right] = [Math.floor(Math.min(from[0], to[0]) - 2), Math.ceil(Math.max(from[0], to[0]) + 2)];
  const [top, bottom] = [Math.floor(Math.min(from[1], to[1]) - 2), Math.ceil(Math.max(from[1], to[1]) + 2)];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      // A line of no length is a dot.
      const along = length === 0 ? 0 : Math.min(Math.max((px * dx + py * dy) / (length * length), 0), 1);
      const distance = Math.hypot(px - along * dx, py - along * dy);
      touch(image, x, y, colour, 1.5 - distance);
    }
  }
}

/** The least and the largest; a spread of very many arguments would overflow the stack. */
function plotRange(values: readonly number[]): [number, number] {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [
    Infinity,
    -Infinity,
  ]);
}

/**
 * Draws curves over common axes.
 *
 * @throws {RangeError} When no series has a point.
 */
export async function renderPlot(series: readonly PlotSeries[], options: PlotOptions): Promise<RgbImage> {
  const points = series.flatMap((each) => each.points);
  if (points.length === 0) throw new RangeError("Cannot plot: no series has a point");
  const font = await loadLettering();
  await font.cover([options.title, options.xLabel, ...series.map(({ name }) => name)]);
  const { width, height } = SIZE;
  const image = filledImage(width, height, PAPER);

  const [lowX, highX] = plotRange(points.map(({ x }) => x));
  const [leastY, mostY] = plotRange(points.map(({ y }) => y));
  const lowY = Math.min(0, leastY);
  const highY = mostY + 0.05 * (mostY - lowY) + 1e-9;
  const across = width - FRAME.left - FRAME.right;
  const down = height - FRAME.top - FRAME.bottom;
  const atX = (x: number) => FRAME.left + across * (x - lowX) / Math.max(highX - lowX, 1e-9);
  const atY = (y: number) => FRAME.top + down * (1 - (y - lowY) / (highY - lowY));

  for (const tick of niceTicks(lowY, highY, 6)) {
    const y = Math.round(atY(tick));
    for (let x = FRAME.left; x < width - FRAME.right; x++) touch(image, x, y, FAINT, 1);
    const text = String(Number(tick.toPrecision(6)));
    font.draw(image, text, FRAME.left - 10 - font.measure(text, 16), y + 6, 16, INK);
  }
  // An axis of counts has no fractional ticks.
  const counts = points.every(({ x }) => Number.isInteger(x));
  for (const tick of niceTicks(lowX, highX, 8).filter((each) => !counts || Number.isInteger(each))) {
    const text = String(Number(tick.toPrecision(6)));
    font.draw(image, text, atX(tick) - font.measure(text, 16) / 2, height - FRAME.bottom + 24, 16, INK);
  }
  font.draw(image, options.title, FRAME.left, 32, 20, INK);
  const labelAt = FRAME.left + (across - font.measure(options.xLabel, 16)) / 2;
  font.draw(image, options.xLabel, labelAt, height - 14, 16, INK);

  let legend = width - FRAME.right;
  [...series].reverse().forEach((each, i) => {
    const colour = COLOURS[(series.length - 1 - i) % COLOURS.length]!;
    legend -= font.measure(each.name, 16);
    font.draw(image, each.name, legend, 54, 16, INK);
    line(image, [legend - 30, 49], [legend - 8, 49], colour);
    legend -= 48;
  });
  series.forEach((each, i) => {
    const colour = COLOURS[i % COLOURS.length]!;
    each.points.forEach((point, k) => {
      const before = each.points[Math.max(k - 1, 0)]!;
      line(image, [atX(before.x), atY(before.y)], [atX(point.x), atY(point.y)], colour);
    });
  });
  return image;
}
