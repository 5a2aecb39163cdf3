/**
 * The network of tests/fixtures/baselines/generate_rivals.py: three convolutions with biases, max pooling, global average
 * pooling and a linear layer, over images of 32², with weights from a seed.
 *
 * @module
 */
import { padding } from "../../models/layers.ts";
import type { OnnxModel } from "../../src/classifier/onnx_model.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { seededTensor } from "../support/seeded_weights.ts";

/** The file. */
export function rivalNetwork(seed: number): OnnxModel {
  const b = createBuilder("rival");
  const parameter = (name: string, shape: number[]) =>
    b.constant("float32", shape, seededTensor(name, shape, seed));
  const image = b.input("image", "float32", [1, 3, 32, 32]);
  const conv = (x: typeof image, name: string, shape: number[], strides = [1, 1]) => {
    const [weight, bias] = [parameter(`${name}.weight`, shape), parameter(`${name}.bias`, [shape[0]!])];
    return b.relu(b.conv(x, weight, bias, { strides, pads: padding(1) }));
  };
  const first = b.maxPool(conv(image, "conv1", [8, 3, 3, 3]), [2, 2], { strides: [2, 2] });
  const second = conv(first, "conv2", [12, 8, 3, 3]);
  const last = conv(second, "conv3", [16, 12, 3, 3], [2, 2]);
  const [weight, bias] = [parameter("fc.weight", [6, 16]), parameter("fc.bias", [6])];
  b.output(b.gemm(b.flatten(b.globalAveragePool(last)), weight, bias, { transB: true }), "scores");
  return { name: "rival", onnx: encodeOnnx(b.build()) };
}
