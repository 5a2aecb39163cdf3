/**
 * The head that explains before any training: the class-activation start of an auxiliary with the same classes as the
 * backbone. Every output marks it as not trained.
 *
 * @module
 */
import { findNetwork, networks } from "../../models/registry.ts";
import { sharesClasses } from "../classifier/labels.ts";
import type { ClassifierPair } from "./classifier_pair.ts";
import { type Head, readHead, writeHead } from "./head_file.ts";
import { initialParameters } from "./initial_parameters.ts";
import { findHeadShape } from "./explainer_graph.ts";

/**
 * The rows that a head can start from: the auxiliary's final linear layer, [classes, channels of the last tap].
 * `undefined` unless that layer works on the mean of the last tap and the backbone has the same classes.
 */
export function startingClassifier(
  { auxiliary, backbone }: Pick<ClassifierPair, "auxiliary" | "backbone">,
): Float32Array | undefined {
  const shares = auxiliary === backbone || sharesClasses(auxiliary.facts, backbone.facts);
  return shares ? auxiliary.finalLayer() : undefined;
}

/**
 * The end of an error: why {@linkcode startingClassifier} gives nothing, and what to do.
 *
 * @param instead An alternative.
 * @param hasLayer Whether the auxiliary has such a final layer; known for a network of models/.
 */
export function noStart(
  auxiliary: string,
  backbone: string,
  instead: string,
  hasLayer: boolean = findNetwork(auxiliary)?.classifierTap === true,
): string {
  const able = networks.filter(({ classifierTap }) => classifierTap).map(({ name }) => name);
  if (hasLayer) {
    return `auxiliary ${auxiliary} does not share the classes of backbone ${backbone}; ${instead}`;
  }
  return `the scores of auxiliary ${auxiliary} are not a linear layer on its last tap; ` +
    `take another (--auxiliary ${able.join(", ")}) or ${instead}`;
}

/**
 * The class-activation start of an auxiliary as a head.
 *
 * @param classifier Result of {@linkcode startingClassifier}.
 */
export async function untrainedHead(
  { auxiliary, backbone }: Pick<ClassifierPair, "auxiliary" | "backbone">,
  classifier: Float32Array,
): Promise<Head> {
  const { name: reads } = auxiliary.facts;
  const shape = findHeadShape({ taps: auxiliary.part().taps() }, backbone.facts.classes);
  const tensors = initialParameters(shape, { kind: "class-activation", classifier });
  const name = `${reads} class-activation start`;
  const record = { name, auxiliary: reads, backbone: backbone.facts.name, trained: false };
  return await readHead(await writeHead(record, tensors), name);
}
