/**
 * EfficientNet-Lite0 (Tan and Le 2019; Liu 2020): inverted residuals with ReLU6 and without squeeze-excite, padded as
 * TensorFlow pads. Weights are named as in PyPI's efficientnet-lite-pytorch.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";
import { batchNorm, conv, linear } from "./layers.ts";
import type { NetworkOutputs } from "./network.ts";

/** Batch normalisation's epsilon in TensorFlow's EfficientNets. */
const EPSILON = 1e-3;

/** The stages: how many blocks, depthwise kernel, first stride, expansion of the channels, channels out. */
const STAGES = [
  { blocks: 1, kernel: 3, stride: 1, expand: 1, channels: 16 },
  { blocks: 2, kernel: 3, stride: 2, expand: 6, channels: 24 },
  { blocks: 2, kernel: 5, stride: 2, expand: 6, channels: 40 },
  { blocks: 3, kernel: 3, stride: 2, expand: 6, channels: 80 },
  { blocks: 3, kernel: 5, stride: 1, expand: 6, channels: 112 },
  { blocks: 4, kernel: 5, stride: 2, expand: 6, channels: 192 },
  { blocks: 1, kernel: 3, stride: 1, expand: 6, channels: 320 },
];

/** Taps: the last block before each halving of the size, from 56² on; for 7², the last convolution. */
const TAPPED_BLOCKS: readonly number[] = [2, 4, 10];

/**
 * TensorFlow's "SAME": the output has ceil(size / stride) pixels, and an odd pixel of padding goes to the right and the
 * bottom, unlike PyTorch's symmetric padding.
 */
function samePadding(x: Value, kernel: number, stride: number): readonly number[] {
  const [top, left] = [2, 3].map((axis) => {
    const size = x.shape[axis]!;
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
  }) as [readonly [number, number], readonly [number, number]];
  return [top[0], left[0], top[1], left[1]];
}

function convNorm(
  b: Builder,
  x: Value,
  [convName, normName]: readonly [string, string],
  channels: number,
  { kernel = 1, stride = 1, group = 1 } = {},
): Value {
  const options = { strides: [stride, stride], pads: samePadding(x, kernel, stride), group };
  return batchNorm(b, conv(b, x, convName, channels, kernel, options), normName, EPSILON);
}

function relu6(b: Builder, x: Value): Value {
  return b.clip(x, 0, 6);
}

/** Inverted residual: expansion, depthwise convolution, projection; with a shortcut if the shape does not change. */
function invertedResidual(
  b: Builder,
  x: Value,
  name: string,
  stage: (typeof STAGES)[number],
  stride: number,
): Value {
  const width = x.shape[1]! * stage.expand;
  const widened = stage.expand === 1
    ? x
    : relu6(b, convNorm(b, x, [`${name}._expand_conv`, `${name}._bn0`], width));
  const depthwise = { kernel: stage.kernel, stride, group: width };
  const spread = relu6(
    b,
    convNorm(b, widened, [`${name}._depthwise_conv`, `${name}._bn1`], width, depthwise),
  );
  const narrowed = convNorm(b, spread, [`${name}._project_conv`, `${name}._bn2`], stage.channels);
  return stride === 1 && x.shape[1] === stage.channels ? b.add(narrowed, x) : narrowed;
}

/** EfficientNet-Lite0: taps 24×56², 40×28², 112×14² and 1280×7²; the classifier averages the last. */
export function efficientnetLite0(b: Builder, image: Value): NetworkOutputs {
  let x = relu6(b, convNorm(b, image, ["_conv_stem", "_bn0"], 32, { kernel: 3, stride: 2 }));
  const taps: Value[] = [];
  let block = 0;
  for (const stage of STAGES) {
    for (let i = 0; i < stage.blocks; i++) {
      x = invertedResidual(b, x, `_blocks.${block}`, stage, i === 0 ? stage.stride : 1);
      if (TAPPED_BLOCKS.includes(block)) taps.push(x);
      block++;
    }
  }
  x = relu6(b, convNorm(b, x, ["_conv_head", "_bn1"], 1280));
  taps.push(x);
  return { logits: linear(b, b.flatten(b.globalAveragePool(x)), "_fc", 1000), taps };
}
