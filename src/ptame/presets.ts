/**
 * Hyper-parameters of training, as the paper chose them per backbone and auxiliary (Ntrougkas et al. 2025).
 *
 * @module
 */

/** Weights of the loss and settings of the optimiser; the paper's names. */
export interface HyperParameters {
  /** Highest learning rate of the one-cycle schedule. */
  readonly learningRate: number;
  /** Decoupled weight decay of AdamW. */
  readonly weightDecay: number;
  /** Weight of the cross-entropy on the masked picture. */
  readonly crossEntropy: number;
  /** Weight of the masks' mean area. */
  readonly area: number;
  /** Exponent of the area term; at 1 nothing is added to the mask before. */
  readonly areaPower: number;
  /** Weight of the masks' variation. */
  readonly smoothness: number;
  /** Weight of the masks' edges within the variation. */
  readonly border: number;
}

/** A named set of hyper-parameters. */
export interface Preset extends HyperParameters {
  /** Its name on the command line. */
  readonly name: string;
  /** Backbone that it was chosen for. */
  readonly backbone: string;
  /** Auxiliary that it was chosen with. */
  readonly auxiliary: string;
}

/** The paper's table, and the project's own choice for the embedded default. */
export const PRESETS: readonly Preset[] = [
  {
    name: "vgg16",
    backbone: "vgg16",
    auxiliary: "resnet18",
    learningRate: 1e-4,
    weightDecay: 0.13324,
    crossEntropy: 0.07278,
    area: 0.977712,
    areaPower: 0.3,
    smoothness: 1e-4,
    border: 0.3,
  },
  {
    name: "resnet50",
    backbone: "resnet50",
    auxiliary: "resnet18",
    learningRate: 1e-4,
    weightDecay: 2.4266552933845608e-4,
    crossEntropy: 0.16142940055382465,
    area: 0.8385705994463174,
    areaPower: 0.3,
    smoothness: 0,
    border: 0,
  },
  {
    name: "vit_b_16",
    backbone: "vit_b_16",
    auxiliary: "resnet18",
    learningRate: 1e-4,
    weightDecay: 1.3308961975909186e-4,
    crossEntropy: 0.13129188542479736,
    area: 0.8385705994463174,
    areaPower: 0.5,
    smoothness: 0,
    border: 0,
  },
  {
    name: "resnet50-mobilenet_v3_small",
    backbone: "resnet50",
    auxiliary: "mobilenet_v3_small",
    learningRate: 1e-3,
    weightDecay: 0.017170843647038966,
    crossEntropy: 0.051073698326945305,
    area: 0.9454752532765268,
    areaPower: 0.3,
    smoothness: 0.003451048396527767,
    border: 0,
  },
  {
    name: "resnet50-mnasnet0_5",
    backbone: "resnet50",
    auxiliary: "mnasnet0_5",
    learningRate: 1e-4,
    weightDecay: 0.0025160500121080907,
    crossEntropy: 0.16651611180242515,
    area: 0.8334838882443403,
    areaPower: 0.3,
    smoothness: 0,
    border: 0,
  },
];

/** The preset for a backbone, preferring one chosen with this auxiliary; the paper's ResNet-50 for any other. */
export function presetFor(backbone: string, auxiliary: string): Preset {
  const candidates = PRESETS.filter((preset) => preset.backbone === backbone);
  return candidates.find((preset) => preset.auxiliary === auxiliary) ?? candidates[0] ??
    PRESETS.find((preset) => preset.name === "resnet50")!;
}
