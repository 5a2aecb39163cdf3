/**
 * Loads the frozen networks and the initial head of a training run.
 *
 * @module
 */
import type { Preprocessing } from "../../../models/registry.ts";
import { distinctCrops } from "../../classifier/prepared_image.ts";
import type { GraphPart } from "../../classifier/types.ts";
import { readFloat32 } from "../../weights/tensor_table.ts";
import { type ClassifierPair, loadPair } from "../classifier_pair.ts";
import { noStart, startingClassifier } from "../untrained_head.ts";
import type { FitRecord } from "../fit/fit_record.ts";
import { checkHeadFits, type HeadTensor, readFittedRows, readHead } from "../head_file.ts";
import { headParameters, type HeadShape } from "../head.ts";
import { initialParameters } from "../initial_parameters.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import type { TrainOptions } from "./train_options.ts";

/** The networks of a run, and the shape of its head. */
export interface TrainingNetworks {
  /** The classifiers themselves. */
  readonly pair: ClassifierPair;
  /** Their parts in the step's graphs; the same object if they are one network. */
  readonly backbone: GraphPart;
  readonly auxiliary: GraphPart;
  readonly shape: HeadShape;
  readonly inputs: readonly Preprocessing[];
  /** Final linear layer of the auxiliary, if a head can start from it. */
  readonly classifier: Float32Array | undefined;
  /** How well `classifier` was regressed, if it was; see fit_start.ts. */
  readonly fit?: FitRecord;
  /** Whether the run starts from a head that has been trained. */
  readonly goesOn: boolean;
}

/**
 * Loads the networks that the options name.
 *
 * @throws {RangeError} When a name is unknown; the nearest name is suggested.
 * @throws {TypeError} When an .onnx file does not take one image.
 */
export async function loadTrainingNetworks(options: TrainOptions): Promise<TrainingNetworks> {
  const { backbone: model, backboneWeights: weights, start, ...rest } = options;
  const given = start instanceof Uint8Array ? await readHead(start, "start") : undefined;
  const pair = await loadPair({ ...rest, model, weights }, given);
  const { backbone, auxiliary, shape } = pair;
  const fitted = given === undefined ? undefined : readFittedRows(given);
  return {
    pair,
    backbone: backbone.part(),
    auxiliary: auxiliary.part(),
    shape,
    inputs: distinctCrops(backbone.facts.preprocessing, auxiliary.facts.preprocessing),
    goesOn: given?.record.trained === true,
    classifier: fitted ?? startingClassifier(pair),
    ...withoutUndefined({ fit: fitted && given?.record.fit }),
  };
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
    checkHeadFits(head, auxiliary.name, shape, auxiliary.taps());
    const { content, table } = head.file;
    return [...headParameters(shape)].map(([name, dims]) => {
      return { name, shape: dims, data: readFloat32(content, table.tensors.get(name)!).slice() };
    });
  }
  const asked = options.start ?? (classifier === undefined ? "default" : "class-activation");
  const kind = asked === "regression" ? "class-activation" : asked;
  if (kind === "default") return initialParameters(shape, { kind }, options.seed);
  if (classifier === undefined) {
    throw new TypeError(
      "Cannot start from class activations: " +
        noStart(
          auxiliary.name,
          networks.backbone.name,
          "start from a regression of its scores (--start regression) or from random weights (--start default)",
          networks.pair.auxiliary.finalLayer() !== undefined,
        ),
    );
  }
  return initialParameters(shape, { kind, classifier }, options.seed);
}
