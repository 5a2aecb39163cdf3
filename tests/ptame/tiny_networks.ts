/**
 * Two small classifiers, the same as tests/fixtures/ptame/tiny.py: structure of the large ones, sizes for a test.
 * Channels are multiples of four: onnxruntime-web 1.30 convolves 6, 9 or 18 channels wrongly on WebGPU.
 *
 * @module
 */
import { batchNorm, conv, linear, padding } from "../../models/layers.ts";
import { type BuildNetwork, IMAGENET_PREPROCESSING, type NetworkDefinition } from "../../models/network.ts";

const STRIDED = { strides: [2, 2], pads: padding(1) };

const buildAuxiliary: BuildNetwork = (b, image) => {
  const stem = b.relu(batchNorm(b, conv(b, image, "conv1", 4, 3, STRIDED), "bn1"));
  const taps = [b.maxPool(stem, [3, 3], STRIDED)];
  [8, 12, 16].forEach((width, i) => {
    const strided = conv(b, taps.at(-1)!, `stage${i + 1}`, width, 3, STRIDED);
    taps.push(b.relu(batchNorm(b, strided, `norm${i + 1}`)));
  });
  return { logits: linear(b, b.flatten(b.globalAveragePool(taps.at(-1)!)), "fc", 10), taps };
};

const buildBackbone: BuildNetwork = (b, image) => {
  const wide = conv(b, image, "conv1", 8, 5, { strides: [2, 2], pads: padding(2) });
  const x = b.maxPool(b.relu(batchNorm(b, wide, "bn1")), [3, 3], STRIDED);
  const branch = batchNorm(b, conv(b, x, "conv2", 8, 3, { pads: padding(1) }), "bn2");
  const joined = b.relu(b.add(branch, x));
  const last = b.relu(batchNorm(b, conv(b, joined, "conv3", 16, 3, STRIDED), "bn3"));
  return { logits: linear(b, b.flatten(b.globalAveragePool(last)), "fc", 10), taps: [] };
};

const COMMON = {
  inputSize: 64,
  preprocessing: IMAGENET_PREPROCESSING,
  labels: "imagenet-1k",
  classes: 10,
  weights: {},
  classifier: { weight: "fc.weight", bias: "fc.bias" },
} as const;

/** Taps 4×16², 8×8², 12×4², 16×2². */
export const tinyAuxiliary: NetworkDefinition = {
  ...COMMON,
  name: "tiny_auxiliary",
  title: "tiny auxiliary",
  build: buildAuxiliary,
  taps: [4, 8, 12, 16].map((channels, i) => ({ name: `tap${i}`, channels, size: 16 / 2 ** i })),
  classifierTap: true,
};

/** Explained by the tiny auxiliary. */
export const tinyBackbone: NetworkDefinition = {
  ...COMMON,
  name: "tiny_backbone",
  title: "tiny backbone",
  build: buildBackbone,
  taps: [],
  classifierTap: false,
};
