/**
 * Hides a part of an image.
 *
 * @module
 */
import type { Preprocessing } from "../../../models/registry.ts";

/**
 * `m · x + (1 − m) · mean` per pixel: masked pixels get the mean colour of the classifier's normalisation, so the
 * result equals the mask times the normalised image.
 *
 * @param pixels `[3, S, S]` in [0, 1].
 * @param mask `[S, S]` in [0, 1].
 */
export function maskedImage(
  pixels: Float32Array,
  mask: Float32Array,
  { mean }: Pick<Preprocessing, "mean">,
): Float32Array {
  const masked = new Float32Array(pixels.length);
  const area = mask.length;
  for (let colour = 0; colour < 3; colour++) {
    const hidden = mean[colour]!;
    for (let i = 0; i < area; i++) {
      const at = colour * area + i;
      masked[at] = hidden + (pixels[at]! - hidden) * mask[i]!;
    }
  }
  return masked;
}
