/**
 * A classifier of 32² pictures as a user would bring one: an .onnx file of a few convolutions that ends in a softmax.
 * Its weights come from their names; a step of training through it takes milliseconds.
 *
 * @module
 */
import { padding } from "../../models/layers.ts";
import { type Builder, createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import type { Value } from "../../src/graph/types.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { seededTensor } from "../support/seeded_weights.ts";

/** What differs from a classifier of five classes that ends in a softmax. */
export interface SmallClassifierOptions {
  readonly classes?: number;
  readonly softmax?: boolean;
  /** Added behind the first convolution. */
  readonly extra?: (b: Builder, x: Value) => Value;
}

/** The file, under the name "small". */
export function smallClassifier(options: SmallClassifierOptions = {}): OnnxModel {
  const { classes = 5, softmax = true, extra = (_, x) => x } = options;
  const b = createBuilder("small");
  const weight = (name: string, ...shape: number[]) =>
    b.constant("float32", shape, seededTensor(`${name}.weight`, shape, 3));
  const strided = { strides: [2, 2], pads: padding(1) };
  const image = b.input("image", "float32", [1, 3, 32, 32]);
  const first = extra(b, b.relu(b.conv(image, weight("conv1", 8, 3, 3, 3), undefined, strided)));
  const second = b.relu(b.conv(first, weight("conv2", 16, 8, 3, 3), undefined, strided));
  const pooled = b.flatten(b.globalAveragePool(second));
  const scores = b.gemm(pooled, weight("fc", classes, 16), undefined, { transB: true });
  b.output(softmax ? b.identity(b.softmax(scores)) : scores, "scores");
  return { name: "small", onnx: encodeOnnx(b.build()) };
}
