/**
 * Views as tensors: how each masks its image (the inputs of budget.ts), and the images and fills that it shows.
 *
 * @module
 */
import { upsampleMap } from "../../image/upsample.ts";
import { float32Data, float32Tensor, type Tensor } from "../../runtime/mod.ts";
import { type BudgetInputs, GATE_WIDTH } from "./budget.ts";
import { createFill } from "./fill.ts";
import type { View } from "./views.ts";

/** The inputs of `budgetInputs` for a batch; each is [batch, each, 1, 1]. */
export function viewFeeds(
  views: readonly View[],
  batch: number,
  each: number,
): Record<keyof BudgetInputs, Tensor> {
  const perView = (value: (view: View) => number) =>
    float32Tensor(Float32Array.from(views, value), [batch, each, 1, 1]);
  return {
    shares: perView(({ share }) => share),
    soft: perView(({ mask }) => Number(mask === "soft")),
    kept: perView((view) => Number(view.side === "keep")),
    widths: perView(({ width = GATE_WIDTH }) => width),
  };
}

/**
 * Each view's image, and what fills the regions that it removes.
 *
 * @param images [N, 3, H, W] in [0, 1].
 * @param each Number of views per image.
 * @param masks Masks of the views, [views, 1, s, s].
 * @returns Both [views, 3, H, W].
 */
export function shownImages(
  views: readonly View[],
  images: Tensor,
  each: number,
  masks: Tensor,
): { readonly images: Tensor; readonly fills: Tensor } {
  const size = masks.shape[3]!;
  const [, , height, width] = images.shape as [number, number, number, number];
  const imageSize = 3 * height * width;
  const pixels = float32Data(images);
  const shown = new Float32Array(views.length * imageSize);
  const fills = new Float32Array(views.length * imageSize);
  views.forEach(({ fill }, at) => {
    const own = pixels.subarray(Math.floor(at / each) * imageSize, (Math.floor(at / each) + 1) * imageSize);
    shown.set(own, at * imageSize);
    // The fill is already black.
    if (fill === "black") return;
    const small = float32Data(masks).subarray(at * size * size, (at + 1) * size * size);
    const mask = upsampleMap(small, size, size, width, height);
    createFill(fill, own, mask, width, fills.subarray(at * imageSize, (at + 1) * imageSize));
  });
  const shape = [views.length, 3, height, width];
  return { images: float32Tensor(shown, shape), fills: float32Tensor(fills, shape) };
}
