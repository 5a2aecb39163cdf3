/**
 * MobileNetV3-Small as torchvision builds it (Howard et al. 2019): inverted residuals with squeeze-and-excitation and
 * hard swish. Tapped at its last three blocks and its last convolution, as the paper does: 7² all of them.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";
import { biasedConv, convNorm, linear } from "./layers.ts";
import type { NetworkOutputs } from "./network.ts";

/** Epsilon of torchvision's MobileNetV3; its ResNets have 1e-5. */
const EPSILON = 1e-3;

/** The blocks: depthwise kernel, channels between and out, whether squeezed, whether hard swish, stride. */
const BLOCKS = [
  { kernel: 3, expanded: 16, channels: 16, squeeze: true, hard: false, stride: 2 },
  { kernel: 3, expanded: 72, channels: 24, squeeze: false, hard: false, stride: 2 },
  { kernel: 3, expanded: 88, channels: 24, squeeze: false, hard: false, stride: 1 },
  { kernel: 5, expanded: 96, channels: 40, squeeze: true, hard: true, stride: 2 },
  { kernel: 5, expanded: 240, channels: 40, squeeze: true, hard: true, stride: 1 },
  { kernel: 5, expanded: 240, channels: 40, squeeze: true, hard: true, stride: 1 },
  { kernel: 5, expanded: 120, channels: 48, squeeze: true, hard: true, stride: 1 },
  { kernel: 5, expanded: 144, channels: 48, squeeze: true, hard: true, stride: 1 },
  { kernel: 5, expanded: 288, channels: 96, squeeze: true, hard: true, stride: 2 },
  { kernel: 5, expanded: 576, channels: 96, squeeze: true, hard: true, stride: 1 },
  { kernel: 5, expanded: 576, channels: 96, squeeze: true, hard: true, stride: 1 },
];

/** Blocks from this number on are tapped (torchvision counts the stem as 0). */
const FIRST_TAP = 9;

/** A quarter of the channels, to the nearest multiple of 8; one up where that would lose more than a tenth. */
function squeezed(channels: number): number {
  const quarter = Math.floor(channels / 4);
  const rounded = Math.max(8, Math.floor((quarter + 4) / 8) * 8);
  return rounded < 0.9 * quarter ? rounded + 8 : rounded;
}

/** Squeeze-and-excitation: weights the channels by global statistics (Hu et al. 2017). */
function squeezeExcitation(b: Builder, x: Value, name: string): Value {
  const channels = x.shape[1]!;
  const narrow = b.relu(biasedConv(b, b.globalAveragePool(x), `${name}.fc1`, squeezed(channels)));
  return b.mul(x, b.hardSigmoid(biasedConv(b, narrow, `${name}.fc2`, channels)));
}

/**
 * Inverted residual: expansion (if the width changes), depthwise convolution, squeeze-and-excitation, projection; with
 * a shortcut.
 */
function invertedResidual(b: Builder, x: Value, name: string, block: (typeof BLOCKS)[number]): Value {
  const { kernel, expanded, channels, stride } = block;
  const activation = (value: Value) => block.hard ? b.hardSwish(value) : b.relu(value);
  let at = 0;
  const layer = (
    input: Value,
    width: number,
    options: { kernel?: number; stride?: number; group?: number },
  ) => {
    const part = `${name}.block.${at++}`;
    return convNorm(b, input, [`${part}.0`, `${part}.1`], width, { ...options, epsilon: EPSILON });
  };
  let y = x;
  if (expanded !== x.shape[1]) y = activation(layer(y, expanded, {}));
  y = activation(layer(y, expanded, { kernel, stride, group: expanded }));
  if (block.squeeze) y = squeezeExcitation(b, y, `${name}.block.${at++}`);
  y = layer(y, channels, {});
  return stride === 1 && x.shape[1] === channels ? b.add(y, x) : y;
}

/** MobileNetV3-Small: taps 96×7² three times and 576×7². */
export function mobilenetV3Small(b: Builder, image: Value): NetworkOutputs {
  const stem = { kernel: 3, stride: 2, epsilon: EPSILON };
  let x = b.hardSwish(convNorm(b, image, ["features.0.0", "features.0.1"], 16, stem));
  const taps: Value[] = [];
  BLOCKS.forEach((block, index) => {
    x = invertedResidual(b, x, `features.${index + 1}`, block);
    if (index + 1 >= FIRST_TAP) taps.push(x);
  });
  x = b.hardSwish(convNorm(b, x, ["features.12.0", "features.12.1"], 576, { epsilon: EPSILON }));
  taps.push(x);
  const hidden = b.hardSwish(linear(b, b.flatten(b.globalAveragePool(x)), "classifier.0", 1024));
  return { logits: linear(b, hidden, "classifier.3", 1000), taps };
}
