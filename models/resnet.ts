/**
 * ResNet-18 and ResNet-50 as torchvision builds them (He et al. 2015; the stride sits on the 3×3 convolution of a
 * bottleneck, "v1.5"). Tapped at the four stages.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";
import { convNorm, linear, padding } from "./layers.ts";
import type { BuildNetwork } from "./network.ts";

type Block = (b: Builder, x: Value, name: string, width: number, stride: number) => Value;

/** Convolution and batch normalisation; torchvision numbers both alike. */
function numbered(
  b: Builder,
  x: Value,
  name: string,
  number: number,
  channels: number,
  kernel: number,
  stride = 1,
) {
  return convNorm(b, x, [`${name}conv${number}`, `${name}bn${number}`], channels, { kernel, stride });
}

/** Shortcut of a block: the input itself, or a strided 1×1 convolution if the shape changes. */
function shortcut(b: Builder, x: Value, name: string, channels: number, stride: number): Value {
  if (stride === 1 && x.shape[1] === channels) return x;
  return convNorm(b, x, [`${name}downsample.0`, `${name}downsample.1`], channels, { stride });
}

const basicBlock: Block = (b, x, name, width, stride) => {
  const inner = b.relu(numbered(b, x, name, 1, width, 3, stride));
  const branch = numbered(b, inner, name, 2, width, 3);
  return b.relu(b.add(branch, shortcut(b, x, name, width, stride)));
};

const bottleneck: Block = (b, x, name, width, stride) => {
  const narrow = b.relu(numbered(b, x, name, 1, width, 1));
  const inner = b.relu(numbered(b, narrow, name, 2, width, 3, stride));
  const branch = numbered(b, inner, name, 3, 4 * width, 1);
  return b.relu(b.add(branch, shortcut(b, x, name, 4 * width, stride)));
};

function resnet(block: Block, depths: readonly number[]): BuildNetwork {
  return (b, image) => {
    const stem = b.relu(numbered(b, image, "", 1, 64, 7, 2));
    let x = b.maxPool(stem, [3, 3], { strides: [2, 2], pads: padding(1) });
    const taps = depths.map((depth, stage) => {
      for (let i = 0; i < depth; i++) {
        const stride = i === 0 && stage > 0 ? 2 : 1;
        x = block(b, x, `layer${stage + 1}.${i}.`, 64 * 2 ** stage, stride);
      }
      return x;
    });
    return { logits: linear(b, b.flatten(b.globalAveragePool(x)), "fc", 1000), taps };
  };
}

/** ResNet-18: taps 64×56², 128×28², 256×14², 512×7². */
export const resnet18: BuildNetwork = resnet(basicBlock, [2, 2, 2, 2]);

/** ResNet-50: taps 256×56², 512×28², 1024×14², 2048×7². */
export const resnet50: BuildNetwork = resnet(bottleneck, [3, 4, 6, 3]);
