/**
 * One convolution of 3×3 in Winograd's form, in ordinary operators.
 *
 * @module
 */
import { createBuilder } from "../../builder.ts";
import type { Graph, Value } from "../../types.ts";
import { bothSides, type Transforms } from "./transforms.ts";

/** A convolution of 3×3 with stride 1. */
export interface Convolution {
  /** Shape of what it reads, [N, Ci, rows, columns]. */
  readonly input: readonly [number, number, number, number];
  /** Shape of its result, [N, Co, rows, columns]. */
  readonly output: readonly [number, number, number, number];
  /** Zeros above and to the left. */
  readonly pads: readonly [top: number, left: number];
  /** Whether something is added per channel. */
  readonly hasBias: boolean;
  /** Whether `max(x, 0)` follows. */
  readonly relu: boolean;
}

/** The input with the images, [N, Ci, rows, columns]. */
export const X = "x";
/** The input with the transformed filters, [t², Co, Ci]. */
export const FILTERS = "filters";
/** The input with what is added per channel, [Co]. */
export const BIAS = "bias";

/** Tiles that cover a result [N, Co, rows, columns]: down and across one image, and those of all images. */
export function cutTiles(
  [batch, , height, width]: Convolution["output"],
  { m }: Transforms,
): { readonly down: number; readonly across: number; readonly tiles: number } {
  const [down, across] = [Math.ceil(height / m), Math.ceil(width / m)];
  return { down, across, tiles: batch * down * across };
}

/** The convolution as a graph of its own; its only output is the result. */
export function winogradGraph(convolution: Convolution, transforms: Transforms): Graph {
  const [batch, inChannels, rows, columns] = convolution.input;
  const [, outChannels, height, width] = convolution.output;
  const [top, left] = convolution.pads;
  const { m, t } = transforms;
  const { down, across, tiles } = cutTiles(convolution.output, transforms);
  const b = createBuilder("winograd");
  const x = b.input(X, "float32", convolution.input);
  const filters = b.input(FILTERS, "float32", [t * t, outChannels, inChannels]);

  // Bᵀ d B: each channel, as an image of its own, is convolved with the t² filters of the transform, a tile per step.
  const transformed = b.conv(
    b.reshape(x, [batch * inChannels, 1, rows, columns]),
    b.constant("float32", [t * t, 1, t, t], bothSides(transforms.input)),
    undefined,
    { strides: [m, m], pads: [top, left, down * m + 2 - top - rows, across * m + 2 - left - columns] },
  );
  const perElement = b.transpose(
    b.reshape(transformed, [batch, inChannels, t * t, down * across]),
    [2, 1, 0, 3],
  );
  // The products, summed over the channels: a matrix product per element of a tile.
  const products = b.reshape(
    b.matmul(filters, b.reshape(perElement, [t * t, inChannels, tiles])),
    [t * t, outChannels * tiles],
  );
  // Aᵀ … A, from t² rows to m²; the bias is the same for all pixels.
  const back = b.constant("float32", [m * m, t * t], bothSides(transforms.output));
  let y: Value;
  if (convolution.hasBias) {
    const bias = b.reshape(b.input(BIAS, "float32", [outChannels]), [outChannels, 1]);
    const everywhere = b.reshape(b.expand(bias, [outChannels, tiles]), [1, outChannels * tiles]);
    y = b.gemm(back, products, everywhere);
  } else y = b.matmul(back, products);
  // Before the pixels are moved: here the runtime computes it with the product.
  if (convolution.relu) y = b.relu(y);
  y = b.transpose(b.reshape(y, [m, m, outChannels, batch, down, across]), [3, 2, 4, 0, 5, 1]);
  y = b.reshape(y, [batch, outChannels, down * m, across * m]);
  if (down * m !== height) y = b.slice(y, 2, 0, height);
  if (across * m !== width) y = b.slice(y, 3, 0, width);
  b.output(y);
  return b.build();
}
