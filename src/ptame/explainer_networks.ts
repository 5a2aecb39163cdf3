/**
 * What an explainer is made of before anything runs: backbone, auxiliary and the weights of both, by the names and files
 * that a caller gives; then the head that fits them.
 *
 * @module
 */
import { type NetworkDefinition, networks } from "../../models/registry.ts";
import type { BackboneFacts } from "../classifier/facts.ts";
import type { OnnxModel } from "../classifier/onnx_classifier.ts";
import { loadWeights } from "../weights/load_network.ts";
import type { WeightFile } from "../weights/tensor_table.ts";
import { defaultAuxiliary, defaultHead } from "./default_head.ts";
import type { ExplainerOptions } from "./explainer.ts";
import { checkHeadFits, type Head, readHead } from "./head_file.ts";
import { networkNamed } from "../classifier/network_names.ts";
import { headShapeOf } from "./observed_network.ts";

/** The networks of an explainer, loaded but not opened. */
export interface ExplainerNetworks {
  /** The classifier explained: a network of models/ with its weights, or an .onnx file. */
  readonly backbone:
    | { readonly kind: "network"; readonly network: NetworkDefinition; readonly weights: WeightFile }
    | { readonly kind: "onnx"; readonly model: OnnxModel };
  /** The network whose taps the head reads. */
  readonly auxiliary: NetworkDefinition;
  readonly auxiliaryWeights: WeightFile;
  /** Whether one pass serves both. */
  readonly sharesPass: boolean;
  /**
   * The head given, else the default one.
   *
   * @throws {TypeError} When it does not fit, or there is none: a {@linkcode NoHeadError}.
   */
  headFor(backbone: BackboneFacts): Promise<Head>;
}

/**
 * Loads the networks that the options name.
 *
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {DownloadError} When weights are not here and cannot be downloaded.
 * @throws {SyntaxError} When a file is damaged.
 */
export async function loadExplainerNetworks(
  options: Omit<ExplainerOptions, "device" | "threads">,
): Promise<ExplainerNetworks> {
  const { model = networks[0]!.name, signal } = options;
  const network = typeof model === "string" ? networkNamed(model) : undefined;
  const given = options.head === undefined ? undefined : await readHead(options.head, "");
  const auxiliary = networkNamed(options.auxiliary ?? defaultAuxiliary(network, given));
  const sharesPass = network === auxiliary;
  // Said before hundreds of megabytes are fetched for it.
  if (given !== undefined && network !== undefined) {
    checkHeadFits(given, auxiliary.name, headShapeOf(auxiliary, network.classes));
  }
  const auxiliaryWeights = await loadWeights(
    auxiliary,
    options.auxiliaryWeights ?? (sharesPass ? options.weights : undefined),
    options,
  );
  const backbone = network === undefined ? { kind: "onnx", model: model as OnnxModel } as const : {
    kind: "network",
    network,
    weights: sharesPass ? auxiliaryWeights : await loadWeights(network, options.weights, options),
  } as const;
  return {
    backbone,
    auxiliary,
    auxiliaryWeights,
    sharesPass,
    headFor: async (facts) => {
      const head = given ?? await defaultHead(auxiliary, auxiliaryWeights, facts, signal);
      checkHeadFits(head, auxiliary.name, headShapeOf(auxiliary, facts.classes));
      return head;
    },
  };
}
