/**
 * The head that explains before any training: the class-activation start of an auxiliary whose classes the backbone
 * shares. Wherever it is shown it says that it is not trained.
 *
 * @module
 */
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import { type NetworkDefinition, networks } from "../../models/registry.ts";
import { loadWeights } from "../weights/load_network.ts";
import { float32Of, type WeightFile } from "../weights/tensor_table.ts";
import type { BackboneFacts } from "../classifier/facts.ts";
import { type Head, readHead, writeHead } from "./head_file.ts";
import { initialHead } from "./initial_head.ts";
import { headShapeOf } from "./observed_network.ts";
import { networkNamed } from "../classifier/network_names.ts";

/**
 * The rows that a head can start from: the auxiliary's final linear layer, [classes, channels of the last tap], where it
 * works on the last tap's mean and the backbone tells the same classes apart; `undefined` elsewhere.
 */
export function startingClassifier(
  auxiliary: NetworkDefinition,
  weights: WeightFile,
  labels: readonly string[],
): Float32Array | undefined {
  const layer = weights.table.tensors.get(auxiliary.classifier.weight);
  const shares = labels === IMAGENET_1K || labels.join("\n") === IMAGENET_1K.join("\n");
  return auxiliary.classifierTap && shares && layer !== undefined
    ? float32Of(weights.content, layer)
    : undefined;
}

/**
 * Why {@linkcode startingClassifier} gives nothing, and what to do: the end of an error.
 *
 * @param instead What can be done without it.
 */
export function noStart(auxiliary: string, backbone: string, instead: string): string {
  const able = networks.filter(({ classifierTap }) => classifierTap).map(({ name }) => name);
  if (able.includes(auxiliary)) {
    return `auxiliary ${auxiliary} does not share the classes of backbone ${backbone}; ${instead}`;
  }
  return `the scores of auxiliary ${auxiliary} are not a linear layer on its last tap; ` +
    `take another (--auxiliary ${able.join(", ")}) or ${instead}`;
}

/**
 * The class-activation start of an auxiliary as a head.
 *
 * @param classifier What {@linkcode startingClassifier} gives.
 */
export async function startingHead(
  auxiliary: NetworkDefinition,
  classifier: Float32Array,
  backbone: Pick<BackboneFacts, "name" | "classes">,
): Promise<Head> {
  const tensors = initialHead(headShapeOf(auxiliary, backbone.classes), {
    kind: "class-activation",
    classifier,
  });
  const name = `${auxiliary.name} class-activation start`;
  const record = { name, auxiliary: auxiliary.name, backbone: backbone.name, trained: false };
  return await readHead(await writeHead(record, tensors), name);
}

/**
 * The same for a network that is backbone and auxiliary in one, as a head file; for comparisons.
 *
 * @throws {TypeError} When its scores are not a linear layer on its last tap.
 */
export async function startingHeadFile(name: string): Promise<Uint8Array> {
  const network = networkNamed(name);
  const classifier = startingClassifier(network, await loadWeights(network), IMAGENET_1K);
  if (classifier === undefined) throw new TypeError(`Cannot start a head from the classifier of ${name}`);
  return (await startingHead(network, classifier, network)).bytes;
}
