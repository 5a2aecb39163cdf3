/**
 * The augmentation of P-TAME's training: resize the short side, cut out a random square, mirror half of the time.
 *
 * @module
 */
import type { Generator } from "../random/generator.ts";
import { cropSquare, type PreprocessOptions } from "./preprocess.ts";
import type { RgbImage } from "./types.ts";

/**
 * A random cut of an image as a network's input.
 *
 * @param generator Draws three numbers: column, row, whether to mirror.
 * @returns [3, crop, crop] in [0, 1], not normalised.
 * @throws {RangeError} When the crop is larger than the resized short side.
 */
export function augment(
  image: RgbImage,
  options: Required<PreprocessOptions>,
  generator: Generator,
): Float32Array {
  const { resize, crop } = options;
  const [across, down, mirror] = [generator.uniform(), generator.uniform(), generator.uniform()];
  const place = (width: number, height: number) => ({
    x: Math.floor(across * (width - crop + 1)),
    y: Math.floor(down * (height - crop + 1)),
  });
  return cropSquare(image, resize, crop, place, mirror < 0.5).pixels;
}
