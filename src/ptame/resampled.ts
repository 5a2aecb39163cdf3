/**
 * Constant matrices along both axes of images in a graph.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";

/** A matrix, row by row; it has as many columns as the axis has places. */
type Weights = Float32Array | Float64Array;

/**
 * `D·X·Aᵀ` of each image X in [..., H, W].
 *
 * @param down D, which makes the rows of the result of H rows.
 * @param across A, which makes its columns of W columns; transposed here rather than in the graph.
 */
export function resampled(b: Builder, x: Value, down: Weights, across: Weights): Value {
  const [height, width] = x.shape.slice(-2) as [number, number];
  const columns = across.length / width;
  const transposed = new Float64Array(across.length);
  for (let to = 0; to < columns; to++) {
    for (let from = 0; from < width; from++) transposed[from * columns + to] = across[to * width + from]!;
  }
  const wide = b.matmul(x, b.constant("float32", [width, columns], transposed));
  return b.matmul(b.constant("float32", [down.length / height, height], down), wide);
}
