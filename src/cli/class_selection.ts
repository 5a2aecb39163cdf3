/**
 * Pictures chosen by the class that the classifier sees in them: how a head is measured on classes that it was never
 * trained on.
 *
 * @module
 */
import { topClass } from "../faithfulness/scoring.ts";
import type { ScoreBatch } from "../faithfulness/types.ts";
import { ImageError } from "../image/types.ts";
import { type ClassPart, partOf, spreadOverClasses } from "../ptame/class_split.ts";
import { evaluationImages, type ImageReader } from "../faithfulness/evaluation_images.ts";
import type { HeadRecord } from "../ptame/head_file.ts";
import { evenlySpread } from "./image_lists.ts";
import { group, oneOf, share, type Values, wholeNumber } from "./options/kinds.ts";
import { longDuration, printable, progressBar, sayNowAndThen, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

/** The options. */
export const SELECTION_OPTIONS = group("Images", {
  heldOutClasses: share(
    "SHARE",
    "Only images in which the classifier sees one of the classes that train --hold-out-classes SHARE " +
      "keeps out; needs --part",
  ),
  part: oneOf(
    "choose|score",
    ["choose", "score"],
    "Of these, the half to choose a head by, or the half to score the chosen one on",
  ),
  perClass: wholeNumber("N", "Of these, at most N images of a class", { least: 1 }),
});

/** Which pictures are meant. */
export interface ClassSelection {
  /** Share of the classes that is held out. */
  readonly share: number;
  readonly part: ClassPart;
  /** Most pictures of a class. */
  readonly perClass: number | undefined;
}

/** What was chosen. */
export interface Selected {
  readonly images: readonly string[];
  /** Distinct classes among them. */
  readonly classes: number;
}

/**
 * The selection that is asked for.
 *
 * @throws {UsageError} When half of it is.
 */
export function selectionOf(
  { heldOutClasses: share, part, perClass }: Values<typeof SELECTION_OPTIONS>,
): ClassSelection | undefined {
  if (share === undefined && part === undefined && perClass === undefined) return undefined;
  if (share === undefined || part === undefined) {
    throw new UsageError("Options --held-out-classes SHARE and --part choose|score belong together");
  }
  if (share === 0) {
    throw new UsageError("Option --held-out-classes takes a share above 0: of 0 there are none");
  }
  return { share, part, perClass };
}

/** A selection in a few words. */
export function selectionText({ share, part, perClass }: ClassSelection): string {
  const most = perClass === undefined ? "" : `, at most ${perClass} of a class`;
  return `of held-out classes (${share}), part ${part}${most}`;
}

/**
 * Classifies pictures and keeps those of a selection, in the order of the list. Those that cannot be read are said and
 * left out.
 *
 * @param limit At most so many of them, evenly spread.
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
      if (partOf(top, selection.share) === selection.part) found.push({ index: done, name, class: top });
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      terminal.say(`skipped: ${printable(error.message)}`);
    }
    done++;
    const left = `${longDuration((performance.now() - started) / 1000 / done * (images.length - done))} left`;
    const count = `${done}/${images.length}`;
    terminal.doing(`${progressBar(done / images.length)} ${count}  ${left}  sorting by class`);
    sayImage(`sorting by class: image ${count}, ${left}`);
    // A pass blocks: signals get their turn.
    if (done % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const few = spreadOverClasses(found).filter(({ rank }) => rank < (selection.perClass ?? Infinity));
  if (few.length === 0) {
    throw new Error(`Cannot go on: none of the ${images.length} images is ${selectionText(selection)}`);
  }
  const chosen = few.sort((a, b) => a.index - b.index);
  const kept = limit === undefined ? chosen : evenlySpread(chosen, limit);
  const classes = new Set(kept.map((picture) => picture.class)).size;
  terminal.say(`${kept.length} images of ${classes} classes are ${selectionText(selection)}`);
  return { images: kept.map(({ name }) => name), classes };
}

/** Warns where a head does not say that it kept away from the classes it is now measured on. */
export function checkHeldOut(head: HeadRecord, { share }: ClassSelection, terminal: Terminal): void {
  const held = Number(head.training?.["holdOutClasses"] ?? 0);
  // A larger share holds out all classes that a smaller one does.
  if (!head.trained || held >= share) return;
  terminal.say(
    `The head says that it was trained with --hold-out-classes ${held}: it may know some of these classes`,
  );
}
