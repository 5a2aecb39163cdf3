/**
 * What a step with budgeted masks shows the classifier of each image: how much of the map's pixels, whether they are
 * kept or taken away, what stands in the place of what is masked, and what the answer is worth.
 *
 * With p the target's probability under the mask, p₀ that of the whole image and CE = −log p:
 *
 *     "cross-entropy"  L = CE              ∂L = ∂CE             what is kept must keep the class
 *     "drop"           L = −p/p₀           ∂L = p/p₀ · ∂CE      the same as average drop counts it
 *     "removal"        L = −log(1 − p)     ∂L = −p/(1 − p)·∂CE  what is left must not show it
 *
 * All are functions of p, so the classifier's pass gives CE and ∂CE, and a factor per view makes the rest.
 *
 * @module
 */

/** What stands where a mask takes the image away; see fill.ts. */
export type Fill = "black" | "mean" | "blur" | "neighbours";

/** One way to show an image. */
export interface View {
  /** Part of the pixels that is kept or removed: those where the map is highest. Above 0 and up to 1. */
  readonly share: number;
  /** Whether that part is kept or removed. */
  readonly side: "keep" | "remove";
  /** Whether kept pixels are weighed with the map (soft) or count fully (hard). */
  readonly mask: "soft" | "hard";
  /** What stands where the image is masked. */
  readonly fill: Fill;
  /** What is minimised. */
  readonly loss: "cross-entropy" | "drop" | "removal";
  /** Weight of its loss; 1 by default. */
  readonly weight?: number;
  /**
   * τ of its gate, in parts of the map's range; 0.05 by default. A narrow gate shows what a measure shows, which keeps a
   * pixel or does not; a wide one lets more pixels learn. See budget.ts.
   */
  readonly width?: number;
}

/** A view that keeps a share softly over black and must keep the class, but for what `rest` says. */
export function viewOf(share: number, rest: Partial<View> = {}): View {
  return { share, side: "keep", mask: "soft", fill: "black", loss: "cross-entropy", ...rest };
}

/** p beyond which "removal" grows no steeper: at 1 its slope has no end. */
const STEEPEST = 0.95;

/**
 * The views that a step shows, image by image. They go round the list, and an image's place in the batch shifts
 * them, so that every step has all kinds and every place meets each.
 *
 * @param step Counted from 0.
 * @param each Views of each image.
 * @returns batch × each of them.
 */
export function viewsOfStep(views: readonly View[], step: number, batch: number, each: number): View[] {
  // Without a common divisor every place of the batch meets every view.
  let stride = 7;
  while (commonDivisor(stride, views.length) > 1) stride++;
  return Array.from({ length: batch * each }, (_, at) => {
    const [picture, which] = [Math.floor(at / each), at % each];
    return views[(stride * (step * each + which) + picture) % views.length]!;
  });
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Loss of a view, weighed, and the factor that makes its gradient of the cross-entropy's. */
export function lossOf(
  view: View,
  crossEntropy: number,
  clean: number,
): { readonly loss: number; readonly factor: number } {
  const { weight = 1 } = view;
  const p = Math.exp(-crossEntropy);
  switch (view.loss) {
    case "cross-entropy":
      return { loss: weight * crossEntropy, factor: weight };
    case "drop":
      return { loss: -weight * p / clean, factor: weight * p / clean };
    case "removal": {
      const capped = Math.min(p, STEEPEST);
      return { loss: -weight * Math.log(1 - capped), factor: -weight * capped / (1 - capped) };
    }
  }
}

/**
 * Checks views that a caller wrote.
 *
 * @throws {RangeError} When there are none, or one of them has a share or a width that is none.
 */
export function checkViews(views: readonly View[]): void {
  if (views.length === 0) throw new RangeError("Cannot train with budgeted masks: there are no views");
  for (const { share, width = 1 } of views) {
    if (!(share > 0 && share <= 1)) {
      throw new RangeError(`Cannot train with a share of ${share}: it must be above 0 and at most 1`);
    }
    if (!(width > 0 && Number.isFinite(width))) {
      throw new RangeError(`Cannot train with a gate of width ${width}: it must be above 0`);
    }
  }
}
