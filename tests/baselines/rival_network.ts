/**
 * The network of tests/fixtures/baselines/generate_rivals.py: three convolutions with biases, max pooling, global average
 * pooling and a linear layer, over images of 32², with weights from a seed.
 *
 * @module
 */
import { padding } from "../../models/layers.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import type { Value } from "../../src/graph/types.ts";
import { seededTensor } from "../support/seeded_weights.ts";

/** The convolutional network. */
export function rivalNetwork(seed: number): OnnxModel {
  const b = createBuilder("rival");
  const parameter = (name: string, shape: number[]) =>
    b.constant("float32", shape, seededTensor(name, shape, seed));
  const image = b.input("image", "float32", [1, 3, 32, 32]);
  const conv = (x: Value, name: string, shape: number[], strides = [1, 1]) => {
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

const [WIDTH, HEADS, TOKENS] = [8, 2, 17];

/** A transformer of two blocks over a class token and 4 x 4 patches of 8² pixels. */
export function attentionNetwork(seed: number): OnnxModel {
  const b = createBuilder("attention");
  const parameter = (name: string, shape: number[]) =>
    b.constant("float32", shape, seededTensor(name, shape, seed));
  const dense = (x: Value, name: string, ins: number, outs: number) =>
    b.gemm(x, parameter(`${name}.weight`, [outs, ins]), parameter(`${name}.bias`, [outs]), { transB: true });
  const norm = (x: Value, name: string) =>
    b.layerNorm(x, parameter(`${name}.weight`, [WIDTH]), parameter(`${name}.bias`, [WIDTH]), 1e-5);
  const image = b.input("image", "float32", [1, 3, 32, 32]);
  const kernel = parameter("patch.weight", [WIDTH, 3, 8, 8]);
  const patches = b.conv(image, kernel, parameter("patch.bias", [WIDTH]), { strides: [8, 8] });
  const flat = b.transpose(b.reshape(patches, [1, WIDTH, 16]), [0, 2, 1]);
  const all = b.concat([parameter("token", [1, 1, WIDTH]), flat], 1);
  let x = b.reshape(b.add(all, parameter("position", [1, TOKENS, WIDTH])), [TOKENS, WIDTH]);
  for (const block of ["block0", "block1"]) {
    const seen = norm(x, `${block}.norm1`);
    const [query, key, value] = ["query", "key", "value"].map((name) =>
      b.reshape(dense(seen, `${block}.${name}`, WIDTH, WIDTH), [1, TOKENS, HEADS, WIDTH / HEADS])
    ) as [Value, Value, Value];
    const scores = b.matmul(b.transpose(query, [0, 2, 1, 3]), b.transpose(key, [0, 2, 3, 1]));
    const weights = b.softmax(b.mul(scores, 1 / Math.sqrt(WIDTH / HEADS)));
    const mixed = b.transpose(b.matmul(weights, b.transpose(value, [0, 2, 1, 3])), [0, 2, 1, 3]);
    x = b.add(x, dense(b.reshape(mixed, [TOKENS, WIDTH]), `${block}.out`, WIDTH, WIDTH));
    const hidden = b.relu(dense(norm(x, `${block}.norm2`), `${block}.up`, WIDTH, 16));
    x = b.add(x, dense(hidden, `${block}.down`, 16, WIDTH));
  }
  const last = norm(b.slice(x, 0, 0, 1), "norm");
  b.output(dense(last, "fc", WIDTH, 6), "scores");
  return { name: "attention", onnx: encodeOnnx(b.build()) };
}
