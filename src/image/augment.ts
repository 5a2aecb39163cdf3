/**
 * The augmentation of P-TAME's training: resize the short side, crop a random square, mirror half of the time. What is
 * letterboxed stays in the middle.
 *
 * @module
 */
import type { Generator } from "../random/generator.ts";
import { centred, type Crop, cropAt, cropSize } from "./preprocess.ts";
import type { RgbImage } from "./types.ts";

/**
 * A random crop of an image as a network's input.
 *
 * @param generator Draws three numbers: column, row, whether to mirror.
 * @returns [3, crop, crop] in [0, 1], not normalised.
 * @throws {RangeError} When the crop is larger than the resized short side.
 */
export function augment(
  image: RgbImage,
  options: Crop,
  generator: Generator,
): Float32Array {
  const size = cropSize(options);
  const [across, down, mirror] = [generator.uniform(), generator.uniform(), generator.uniform()];
  const place = options.fit === "letterbox" ? centred(options) : (width: number, height: number) => ({
    x: Math.floor(across * (width - size.width + 1)),
    y: Math.floor(down * (height - size.height + 1)),
  });
  return cropAt(image, options, place, mirror < 0.5).pixels;
}
