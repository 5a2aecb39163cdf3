/**
 * MnasNet-B1 at half width as torchvision builds it (Tan et al. 2018): inverted residuals with ReLU. Tapped at its last
 * stack and its last convolution, normalisation and ReLU, as the paper does: 7² all of them.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";
import { batchNorm, conv, convNorm, linear } from "./layers.ts";
import type { NetworkOutputs } from "./network.ts";

/** The stacks, `layers.8` to `layers.13`: channels, depthwise kernel, first stride, expansion, blocks. */
const STACKS = [
  { channels: 16, kernel: 3, stride: 2, expand: 3, blocks: 3 },
  { channels: 24, kernel: 5, stride: 2, expand: 3, blocks: 3 },
  { channels: 40, kernel: 5, stride: 2, expand: 6, blocks: 3 },
  { channels: 48, kernel: 3, stride: 1, expand: 6, blocks: 2 },
  { channels: 96, kernel: 5, stride: 2, expand: 6, blocks: 4 },
  { channels: 160, kernel: 3, stride: 1, expand: 6, blocks: 1 },
];

/** Position of the first stack in torchvision's `layers`. */
const FIRST_STACK = 8;

/** Inverted residual: expansion, depthwise convolution, projection; with a shortcut if the shape does not change. */
function invertedResidual(
  b: Builder,
  x: Value,
  name: string,
  { channels, kernel, expand }: (typeof STACKS)[number],
  stride: number,
): Value {
  const width = x.shape[1]! * expand;
  const pair = (index: number) => [`${name}.layers.${index}`, `${name}.layers.${index + 1}`] as const;
  const widened = b.relu(convNorm(b, x, pair(0), width));
  const spread = b.relu(convNorm(b, widened, pair(3), width, { kernel, stride, group: width }));
  const narrowed = convNorm(b, spread, pair(6), channels);
  return stride === 1 && x.shape[1] === channels ? b.add(narrowed, x) : narrowed;
}

/** MnasNet 0.5: taps 160×7² and 1280×7² three times; the last is averaged for the classifier. */
export function mnasnet0_5(b: Builder, image: Value): NetworkOutputs {
  const pair = (index: number) => [`layers.${index}`, `layers.${index + 1}`] as const;
  let x = b.relu(convNorm(b, image, pair(0), 16, { kernel: 3, stride: 2 }));
  x = b.relu(convNorm(b, x, pair(3), 16, { kernel: 3, group: 16 }));
  x = convNorm(b, x, pair(6), 8);
  STACKS.forEach((stack, index) => {
    for (let i = 0; i < stack.blocks; i++) {
      x = invertedResidual(b, x, `layers.${FIRST_STACK + index}.${i}`, stack, i === 0 ? stack.stride : 1);
    }
  });
  const projected = conv(b, x, "layers.14", 1280, 1);
  const last = b.relu(batchNorm(b, projected, "layers.15"));
  // torchvision's ReLU works in place, so the output of layers.15 becomes that of layers.16 once it has run. Heads
  // trained in PyTorch read that value.
  const taps = [x, projected, last, last];
  return { logits: linear(b, b.flatten(b.globalAveragePool(last)), "classifier.1", 1000), taps };
}
