/**
 * What a training run loads before its first step: the frozen networks, and the head that it starts from.
 *
 * @module
 */
import { IMAGENET_1K } from "../../../models/labels/imagenet_1k.ts";
import type { Preprocessing } from "../../../models/registry.ts";
import { frozenOnnx } from "../../classifier/onnx_part.ts";
import { type OnnxModel, openOnnxBackbone } from "../../classifier/onnx_classifier.ts";
import { loadWeights } from "../../weights/load_network.ts";
import { float32Of, type WeightFile } from "../../weights/tensor_table.ts";
import { defaultAuxiliary } from "../default_head.ts";
import { noStart, startingClassifier } from "../starting_head.ts";
import { checkHeadFits, type HeadTensor, readHead } from "../head_file.ts";
import { headParameters, type HeadShape } from "../head.ts";
import { initialHead } from "../initial_head.ts";
import { networkNamed } from "../../classifier/network_names.ts";
import { headShapeOf } from "../observed_network.ts";
import { frozen, type FrozenNetwork } from "./step.ts";
import type { TrainOptions } from "./train_options.ts";

/** The networks of a run and what the head must fit. */
export interface TrainingNetworks {
  readonly backbone: FrozenNetwork;
  readonly auxiliary: FrozenNetwork;
  readonly shape: HeadShape;
  readonly inputs: readonly Preprocessing[];
  /** Final linear layer of the auxiliary, where a head can start from it. */
  readonly classifier: Float32Array | undefined;
  readonly backboneWeights: WeightFile | undefined;
  readonly auxiliaryWeights: WeightFile;
  /** Pictures that the backbone takes at once, where its file fixes how many. */
  readonly fixedBatch: number | undefined;
}

/**
 * Loads the networks that the options name.
 *
 * @throws {RangeError} When a name is unknown; the nearest is suggested.
 * @throws {TypeError} When an .onnx file does not take one picture.
 */
export async function loadTrainingNetworks(options: TrainOptions): Promise<TrainingNetworks> {
  const { backbone: model } = options;
  const network = typeof model === "string" ? networkNamed(model) : undefined;
  const given = options.start instanceof Uint8Array ? await readHead(options.start, "start") : undefined;
  const auxiliary = networkNamed(options.auxiliary ?? defaultAuxiliary(network, given));
  const shared = network === auxiliary;
  const auxiliaryWeights = await loadWeights(
    auxiliary,
    options.auxiliaryWeights ?? (shared ? options.backboneWeights : undefined),
    options,
  );
  const frozenAuxiliary = frozen(auxiliary, auxiliaryWeights);
  const classifierOf = (labels: readonly string[]) => startingClassifier(auxiliary, auxiliaryWeights, labels);
  if (network !== undefined) {
    const weights = shared ? auxiliaryWeights : await loadWeights(network, options.backboneWeights, options);
    return {
      backbone: shared ? frozenAuxiliary : frozen(network, weights),
      auxiliary: frozenAuxiliary,
      shape: headShapeOf(auxiliary, network.classes),
      inputs: inputsOf(network.preprocessing, auxiliary.preprocessing),
      classifier: classifierOf(IMAGENET_1K),
      backboneWeights: weights,
      auxiliaryWeights,
      fixedBatch: undefined,
    };
  }
  const own = model as OnnxModel;
  // Opened once to learn its classes and its input; it is run through its graph from then on.
  const { device, threads } = options;
  const opened = await openOnnxBackbone(own, IMAGENET_1K, { device, threads });
  await opened.session.dispose();
  return {
    backbone: frozenOnnx(own),
    auxiliary: frozenAuxiliary,
    shape: headShapeOf(auxiliary, opened.classes),
    inputs: inputsOf(opened.preprocessing, auxiliary.preprocessing),
    classifier: classifierOf(opened.labels),
    backboneWeights: undefined,
    auxiliaryWeights,
    fixedBatch: opened.input.batch,
  };
}

/** Cuts of a picture: the backbone's, and the auxiliary's where it reads another. */
function inputsOf(backbone: Preprocessing, auxiliary: Preprocessing): Preprocessing[] {
  const same = backbone.crop === auxiliary.crop && backbone.resize === auxiliary.resize;
  return same ? [backbone] : [backbone, auxiliary];
}

/**
 * The head before the first step.
 *
 * @throws {TypeError} When a given head does not fit, or the auxiliary has no rows to start from.
 */
export async function startingParameters(
  networks: TrainingNetworks,
  options: TrainOptions,
): Promise<HeadTensor[]> {
  const { shape, classifier, auxiliary } = networks;
  if (options.start instanceof Uint8Array) {
    const head = await readHead(options.start, "start");
    checkHeadFits(head, auxiliary.name, shape);
    const { content, table } = head.file;
    return [...headParameters(shape)].map(([name, dims]) => {
      return { name, shape: dims, data: float32Of(content, table.tensors.get(name)!).slice() };
    });
  }
  const kind = options.start ?? (classifier === undefined ? "default" : "class-activation");
  if (kind === "default") return initialHead(shape, { kind }, options.seed);
  if (classifier === undefined) {
    throw new TypeError(
      "Cannot start from class activations: " +
        noStart(auxiliary.name, networks.backbone.name, "start from random weights (--start default)"),
    );
  }
  return initialHead(shape, { kind, classifier }, options.seed);
}
