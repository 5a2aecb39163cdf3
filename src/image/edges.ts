/**
 * Finds the edges of an image.
 *
 * @module
 */
import type { Size } from "./preprocess.ts";

/**
 * The length of Sobel's gradient of the grey image (BT.601), averaged over the pixels of each cell of a grid, min–max in
 * [0, 1]. An image without edges gives zeros.
 *
 * @param pixels [3, height, width].
 * @param image Width and height of the image.
 * @param size Width and height of the grid, at most the image's.
 * @returns [size, size].
 */
export function edgeMap(pixels: Float32Array, { width, height }: Size, size: number): Float32Array {
  const area = width * height;
  const grey = Float32Array.from(
    { length: area },
    (_, i) => 0.299 * pixels[i]! + 0.587 * pixels[area + i]! + 0.114 * pixels[2 * area + i]!,
  );
  const inside = (at: number, side: number) => Math.min(side - 1, Math.max(0, at));
  const value = (x: number, y: number) => grey[inside(y, height) * width + inside(x, width)]!;
  const sums = new Float64Array(size * size);
  const counts = new Float64Array(size * size);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const across = value(x + 1, y - 1) + 2 * value(x + 1, y) + value(x + 1, y + 1) -
        value(x - 1, y - 1) - 2 * value(x - 1, y) - value(x - 1, y + 1);
      const down = value(x - 1, y + 1) + 2 * value(x, y + 1) + value(x + 1, y + 1) -
        value(x - 1, y - 1) - 2 * value(x, y - 1) - value(x + 1, y - 1);
      const cell = Math.floor(y * size / height) * size + Math.floor(x * size / width);
      sums[cell]! += Math.hypot(across, down);
      counts[cell]!++;
    }
  }
  const means = sums.map((sum, i) => sum / Math.max(1, counts[i]!));
  const [low, high] = [Math.min(...means), Math.max(...means)];
  return Float32Array.from(means, (mean) => (mean - low) / Math.max(high - low, 1e-8));
}
