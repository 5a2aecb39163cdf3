/**
 * VGG-16 without batch normalisation, as torchvision builds it (Simonyan and Zisserman 2014). Tapped at the outputs
 * of the last four poolings, which have the sizes of a ResNet's stages.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";
import { linear, padding } from "./layers.ts";
import type { NetworkOutputs } from "./network.ts";

/** Channels of the convolutions of each block; a pooling follows each block. */
const BLOCKS = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]];

/** VGG-16 on 224² images: taps 128×56², 256×28², 512×14², 512×7². */
export function vgg16(b: Builder, image: Value): NetworkOutputs {
  let x = image;
  // The position in torchvision's `features`, which also counts ReLU and pooling.
  let module = 0;
  const pooled: Value[] = [];
  for (const block of BLOCKS) {
    for (const channels of block) {
      const name = `features.${module}`;
      const weight = b.weight(`${name}.weight`, [channels, x.shape[1]!, 3, 3]);
      x = b.relu(b.conv(x, weight, b.weight(`${name}.bias`, [channels]), { pads: padding(1) }));
      module += 2;
    }
    x = b.maxPool(x, [2, 2], { strides: [2, 2] });
    module += 1;
    pooled.push(x);
  }
  // torchvision averages to 7×7 here; at 224² that is the identity, and other sizes are not supported.
  if (x.shape[2] !== 7 || x.shape[3] !== 7) {
    throw new TypeError(`Cannot build vgg16 for an input [${image.shape}]: it must be 224 x 224`);
  }
  const hidden = b.relu(linear(b, b.flatten(x), "classifier.0", 4096));
  const deeper = b.relu(linear(b, hidden, "classifier.3", 4096));
  return { logits: linear(b, deeper, "classifier.6", 1000), taps: pooled.slice(1) };
}
