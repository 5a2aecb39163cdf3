/**
 * The views of each image in a step with budgeted masks: which share of the pixels is selected, whether it is kept or
 * removed, what fills the removed regions, and which loss applies.
 *
 * With p the target's probability under the mask, p₀ that of the whole image and CE = −log p:
 *
 *     "cross-entropy"  L = CE              ∂L = ∂CE             the kept part must keep the class
 *     "drop"           L = −p/p₀           ∂L = p/p₀ · ∂CE      as in average drop
 *     "removal"        L = −log(1 − p)     ∂L = −p/(1 − p)·∂CE  the rest must not show the class
 *
 * All are functions of p, so the classifier's pass gives CE and ∂CE, and one factor per view gives the other losses.
 *
 * @module
 */

/** The fill of removed regions; see fill.ts. */
export type Fill = "black" | "mean" | "blur" | "neighbours";

/** One way to show an image. */
export interface View {
  /** Share of the pixels that is kept or removed, highest map values first; above 0 and at most 1. */
  readonly share: number;
  /** Whether that share is kept or removed. */
  readonly side: "keep" | "remove";
  /** Whether kept pixels are multiplied by the map (soft) or kept unchanged (hard). */
  readonly mask: "soft" | "hard";
  /** The fill of removed regions. */
  readonly fill: Fill;
  /** The loss to minimise. */
  readonly loss: "cross-entropy" | "drop" | "removal";
  /** Weight of its loss; 1 by default. */
  readonly weight?: number;
  /**
   * τ of its gate, as a fraction of the map's range; 0.05 by default. A narrow gate is close to the measures, which
   * either keep a pixel or not; a wide one lets more pixels learn. See budget.ts.
   */
  readonly width?: number;
}

/** A view that keeps a share softly over black and must keep the class, except for the properties in `rest`. */
export function createView(share: number, rest: Partial<View> = {}): View {
  return { share, side: "keep", mask: "soft", fill: "black", loss: "cross-entropy", ...rest };
}

/** p from which the slope of "removal" stays constant; at 1 it would be infinite. */
const STEEPEST = 0.95;

/**
 * The views of a step, image by image. Steps cycle through the list, and the position in the batch shifts the start, so
 * every step has all kinds of views and every position meets each.
 *
 * @param step Counted from 0.
 * @param each Number of views per image.
 * @returns batch × each of them.
 */
export function viewsOfStep(views: readonly View[], step: number, batch: number, each: number): View[] {
  // Without a common divisor, every position of the batch meets every view.
  let stride = 7;
  while (commonDivisor(stride, views.length) > 1) stride++;
  return Array.from({ length: batch * each }, (_, at) => {
    const [image, which] = [Math.floor(at / each), at % each];
    return views[(stride * (step * each + which) + image) % views.length]!;
  });
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Weighted loss of a view, and the factor from the cross-entropy's gradient to its gradient. */
export function viewLoss(
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
 * @throws {RangeError} When there are none, or a share or width is invalid.
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
