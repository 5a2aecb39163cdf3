/**
 * Selects images by the classifier's top class, to measure a head on classes that it was not trained on.
 *
 * @module
 */
import { topClass } from "../faithfulness/scoring.ts";
import type { ScoreBatch } from "../faithfulness/types.ts";
import { ImageError } from "../image/types.ts";
import { type ClassPart, classPart, spreadOverClasses } from "../ptame/class_split.ts";
import { evaluationImages, type ImageReader } from "../faithfulness/evaluation_images.ts";
import type { HeadRecord } from "../ptame/head_file.ts";
import { evenlySpread } from "../ptame/evenly_spread.ts";
import { choice, group, share, type Values, wholeNumber } from "./options/kinds.ts";
import { longDuration, printable, progressBar, sayNowAndThen, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

/** The options. */
export const SELECTION_OPTIONS = group("Images", {
  heldOutClasses: share(
    "SHARE",
    "Only images in which the classifier sees one of the classes that train --hold-out-classes SHARE " +
      "keeps out; needs --part",
  ),
  part: choice(
    "choose|score",
    ["choose", "score"],
    "Which half of these classes: to choose a head, or to score the chosen head",
  ),
  perClass: wholeNumber("N", "Use at most N of these images per class", { least: 1 }),
});

/** A selection of images. */
export interface ClassSelection {
  /** Share of the classes held out from training. */
  readonly share: number;
  readonly part: ClassPart;
  /** Maximum number of images per class. */
  readonly perClass: number | undefined;
}

/** The selected images. */
export interface Selected {
  readonly images: readonly string[];
  /** Distinct classes among them. */
  readonly classes: number;
}

/**
 * Reads the selection from the options.
 *
 * @throws {UsageError} When only one of the two options is given.
 */
export function createSelection(
  { heldOutClasses: share, part, perClass }: Values<typeof SELECTION_OPTIONS>,
): ClassSelection | undefined {
  if (share === undefined && part === undefined && perClass === undefined) return undefined;
  if (share === undefined || part === undefined) {
    throw new UsageError("Options --held-out-classes SHARE and --part choose|score belong together");
  }
  if (share === 0) {
    throw new UsageError("Option --held-out-classes must be above 0: a share of 0 selects nothing");
  }
  return { share, part, perClass };
}

/** Describes a selection in a few words. */
export function selectionText({ share, part, perClass }: ClassSelection): string {
  const most = perClass === undefined ? "" : `, at most ${perClass} of a class`;
  return `of held-out classes (${share}), part ${part}${most}`;
}

/**
 * Classifies images and keeps those of a selection, in the order of the list. Unreadable images are reported and
 * skipped.
 *
 * @param limit Maximum number of images to keep, evenly spread.
 * @throws {Error} When none is left.
 */
export async function selectImages(
  images: readonly string[],
  selection: ClassSelection,
  limit: number | undefined,
  context: {
    readonly reader: ImageReader;
    readonly score: ScoreBatch;
    readonly terminal: Terminal;
    readonly signal: AbortSignal;
  },
): Promise<Selected> {
  const { reader, score, terminal, signal } = context;
  const found: { readonly index: number; readonly name: string; readonly class: number }[] = [];
  const started = performance.now();
  const sayImage = sayNowAndThen(terminal);
  let done = 0;
  for (const { pixels } of evaluationImages(images, reader)) {
    signal.throwIfAborted();
    const name = images[done]!;
    try {
      const read = await pixels();
      const top = topClass((await score([read.pixels], signal))[0]!);
      if (classPart(top, selection.share) === selection.part) found.push({ index: done, name, class: top });
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      terminal.say(`skipped: ${printable(error.message)}`);
    }
    done++;
    const left = `${longDuration((performance.now() - started) / 1000 / done * (images.length - done))} left`;
    const count = `${done}/${images.length}`;
    terminal.doing(`${progressBar(done / images.length)} ${count}  ${left}  sorting by class`);
    sayImage(`sorting by class: image ${count}, ${left}`);
    // A pass blocks the thread: let signals be handled.
    if (done % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const few = spreadOverClasses(found).filter(({ rank }) => rank < (selection.perClass ?? Infinity));
  if (few.length === 0) {
    throw new Error(`Cannot continue: none of the ${images.length} images is ${selectionText(selection)}`);
  }
  const chosen = few.sort((a, b) => a.index - b.index);
  const kept = limit === undefined ? chosen : evenlySpread(chosen, limit);
  const classes = new Set(kept.map((image) => image.class)).size;
  terminal.say(`${kept.length} images of ${classes} classes are ${selectionText(selection)}`);
  return { images: kept.map(({ name }) => name), classes };
}

/** Warns if the head's record does not show that the measured classes were held out in training. */
export function checkHeldOut(head: HeadRecord, { share }: ClassSelection, terminal: Terminal): void {
  const held = Number(head.training?.["holdOutClasses"] ?? 0);
  // A larger share includes all classes of a smaller one.
  if (!head.trained || held >= share) return;
  terminal.say(
    `The head says that it was trained with --hold-out-classes ${held}: it may know some of these classes`,
  );
}
