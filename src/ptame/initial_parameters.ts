/**
 * A head before training: PyTorch's default initialisation, or the class-activation start, which already explains if
 * auxiliary and backbone have the same classes.
 *
 * @module
 */
import { elementCount } from "../graph/types.ts";
import { createGenerator } from "../random/generator.ts";
import { FUSER, headParameters, type HeadShape } from "./head.ts";
import type { HeadTensor } from "./head_file.ts";

/** How a head starts. */
export type HeadStart =
  /** As PyTorch initialises a 1×1 convolution and a batch normalisation. */
  | { readonly kind: "default" }
  /**
   * The fuser's rows are the rows of the auxiliary's final linear layer on the channels of its last tap, zero
   * elsewhere; the batch normalisations start at scale 0, so `r_l = ReLU(f_l)` and the maps are class-activation
   * maps (Zhou et al., CVPR 2016).
   */
  | {
    readonly kind: "class-activation";
    /** Weight of the final linear layer, [classes, channels of the last tap]. */
    readonly classifier: Float32Array;
  };

/**
 * All parameters of a head before training.
 *
 * @throws {TypeError} When the classifier does not fit the last tap and the classes.
 */
export function initialParameters(shape: HeadShape, start: HeadStart, seed = 0): HeadTensor[] {
  const generator = createGenerator(seed);
  const width = shape.channels.reduce((a, c) => a + c, 0);
  const last = shape.channels.at(-1)!;
  if (start.kind === "class-activation" && start.classifier.length !== shape.classes * last) {
    throw new TypeError(
      `Cannot start a head: the classifier has ${start.classifier.length} weights, not ${shape.classes} x ${last}`,
    );
  }
  return [...headParameters(shape)].map(([name, dims]) => {
    const data = new Float32Array(elementCount(dims));
    const [kind, index, field] = name.split(".");
    if (name === FUSER) {
      if (start.kind === "class-activation") {
        for (let row = 0; row < shape.classes; row++) {
          data.set(start.classifier.subarray(row * last, (row + 1) * last), row * width + width - last);
        }
      } else fillUniform(data, 1 / Math.sqrt(width), generator.uniform);
    } else if (kind === "convs") {
      fillUniform(data, 1 / Math.sqrt(shape.channels[Number(index)]!), generator.uniform);
    } else if (field === "running_var" || (field === "weight" && start.kind === "default")) data.fill(1);
    return { name, shape: dims, data };
  });
}

/** PyTorch's default for a convolution: uniform within ±1/√fan_in, weights and biases alike. */
export function fillUniform(data: Float32Array, bound: number, uniform: () => number): void {
  for (let i = 0; i < data.length; i++) data[i] = (2 * uniform() - 1) * bound;
}
