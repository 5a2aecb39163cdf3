/**
 * A frame of an animation of erasing: what is left of the image, and below it the class, its probability, and how that fell.
 *
 * @module
 */
import { filledImage, fillRectangle, pasteImage } from "./rectangle.ts";
import { resizeImage } from "./resize.ts";
import { loadLettering } from "./text/fonts.ts";
import type { Colour } from "./text/lettering.ts";
import type { RgbImage } from "./types.ts";

/** What a frame shows. */
export interface ErasingFrame {
  /** What the classifier reads, partly erased. */
  readonly image: RgbImage;
  /** The class. */
  readonly label: string;
  /** Its probability now, as text. */
  readonly shown: string;
  /** How much is erased, as text. */
  readonly erased: string;
  /** Probability after each step so far, the last one that of this frame. */
  readonly probabilities: readonly number[];
  /** Number of steps in all. */
  readonly steps: number;
}

/** Width of the image, in pixels, and its largest height. */
const [SIDE, MOST_HIGH] = [400, 800];
const MARGIN = 16;
/** Height of the bars at a probability of 1. */
const BARS = 64;
const [LARGE, SMALL] = [18, 14];

const BACKGROUND: Colour = [22, 24, 29];
const WHITE: Colour = [244, 245, 247];
const GREY: Colour = [164, 170, 180];
const FAINT: Colour = [52, 56, 64];
const BAR: Colour = [231, 140, 60];

/** Draws a frame: 400 pixels wide, one bar for each step, the present one white. */
export async function renderErasingFrame(
  { image, label, shown, erased, probabilities, steps }: ErasingFrame,
): Promise<RgbImage> {
  const lettering = await loadLettering();
  await lettering.cover([label]);
  const high = Math.min(MOST_HIGH, Math.max(1, Math.round(SIDE * image.height / image.width)));
  const top = high + 2 * MARGIN + LARGE + SMALL;
  const canvas = filledImage(SIDE, top + BARS + MARGIN, BACKGROUND);
  pasteImage(canvas, resizeImage(image, SIDE, high), 0, 0);
  const room = SIDE - 2 * MARGIN;
  const [line, below] = [high + MARGIN + 10, high + MARGIN + 10 + SMALL + 6];
  const width = lettering.measure(shown, LARGE);
  lettering.draw(canvas, lettering.fit(label, LARGE, room - width - LARGE), MARGIN, line, LARGE, WHITE);
  lettering.draw(canvas, shown, SIDE - MARGIN - width, line, LARGE, WHITE);
  lettering.draw(canvas, erased, MARGIN, below, SMALL, GREY);
  const base = top + BARS;
  for (let step = 0; step < steps; step++) {
    const [from, to] = [step, step + 1].map((each) => MARGIN + Math.round(each * room / steps));
    const probability = probabilities[step];
    fillRectangle(canvas, from!, base, to! - from! - 1, 1, FAINT);
    if (probability === undefined) continue;
    const tall = Math.max(1, Math.round(BARS * Math.min(Math.max(probability, 0), 1)));
    const now = step === probabilities.length - 1;
    fillRectangle(canvas, from!, base - tall, to! - from! - 1, tall, now ? WHITE : BAR);
  }
  return canvas;
}
