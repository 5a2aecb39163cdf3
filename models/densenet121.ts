/**
 * DenseNet-121 as torchvision builds it (Huang et al. 2017, "Densely Connected Convolutional Networks", DenseNet-BC):
 * each layer of a block reads all maps before it and adds 32 channels. Tapped at the first three blocks and at the last
 * normalisation with its ReLU.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";
import { batchNorm, conv, convNorm, linear, padding } from "./layers.ts";
import type { NetworkOutputs } from "./network.ts";

/** Layers of each dense block. */
const BLOCKS = [6, 12, 24, 16];

/** Channels that a layer adds: the paper's growth rate k. */
const GROWTH = 32;

/** Channels between a layer's two convolutions: 4k in the paper. */
const BOTTLENECK = 4 * GROWTH;

/** Normalisation and ReLU, which come before a convolution here, not behind it. */
function normRelu(b: Builder, x: Value, name: string): Value {
  return b.relu(batchNorm(b, x, name));
}

/** The channels that one layer adds: a 1×1 convolution down to the bottleneck, then a 3×3 one. */
function denseLayer(b: Builder, x: Value, name: string): Value {
  const narrow = conv(b, normRelu(b, x, `${name}.norm1`), `${name}.conv1`, BOTTLENECK, 1);
  return conv(b, normRelu(b, narrow, `${name}.norm2`), `${name}.conv2`, GROWTH, 3, { pads: padding(1) });
}

/** Half the channels, and half the size by averaging 2×2. */
function transition(b: Builder, x: Value, name: string): Value {
  const narrow = conv(b, normRelu(b, x, `${name}.norm`), `${name}.conv`, x.shape[1]! / 2, 1);
  return b.averagePool(narrow, [2, 2], { strides: [2, 2] });
}

/** DenseNet-121: taps 256×56², 512×28², 1024×14² and 1024×7²; the last is averaged for the classifier. */
export function densenet121(b: Builder, image: Value): NetworkOutputs {
  const stem = convNorm(b, image, ["features.conv0", "features.norm0"], 64, { kernel: 7, stride: 2 });
  let x = b.maxPool(b.relu(stem), [3, 3], { strides: [2, 2], pads: padding(1) });
  const taps: Value[] = [];
  BLOCKS.forEach((layers, index) => {
    const number = index + 1;
    if (index > 0) x = transition(b, x, `features.transition${index}`);
    for (let layer = 1; layer <= layers; layer++) {
      x = b.concat([x, denseLayer(b, x, `features.denseblock${number}.denselayer${layer}`)], 1);
    }
    if (number < BLOCKS.length) taps.push(x);
  });
  // torchvision's ReLU works in place here too (see mnasnet0_5.ts): who keeps what norm5 gives holds it after ReLU.
  const last = normRelu(b, x, "features.norm5");
  taps.push(last);
  return { logits: linear(b, b.flatten(b.globalAveragePool(last)), "classifier", 1000), taps };
}

/** torchvision's published file calls the parts of a dense layer `norm.1`, `conv.1`, `norm.2`, `conv.2`. */
export function renameDensenetWeight(nameInFile: string): string {
  return nameInFile.replace(/(\.denselayer\d+\.(?:norm|conv))\.([12]\.)/, "$1$2");
}
