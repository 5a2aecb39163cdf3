/**
 * Open classifiers for the tests of baselines: weights from seeds.
 *
 * @module
 */
import type { NetworkDefinition } from "../../models/network.ts";
import { numberedLabels } from "../../src/classifier/labels.ts";
import { classifierOver, type OpenClassifier, type OpenOptions } from "../../src/classifier/open.ts";
import { overPart } from "../../src/classifier/graphs/randomized.ts";
import type { Classifier, ClassifierFacts } from "../../src/classifier/types.ts";
import { seededFrozen } from "../ptame/seeded_networks.ts";

/** A network of models/, or a tiny one, with weights from a seed: loaded, not opened. */
export function seededParts(network: NetworkDefinition, seed: number): Classifier {
  const { name, classes, preprocessing } = network;
  const labels = numberedLabels(classes);
  const facts: ClassifierFacts = { name, classes, labels, preprocessing, activation: "none" };
  return overPart({ facts, licence: undefined }, seededFrozen(network, seed));
}

/** The same, open. */
export function seededClassifier(
  network: NetworkDefinition,
  seed: number,
  options: OpenOptions = {},
): Promise<OpenClassifier> {
  return classifierOver(seededParts(network, seed), { device: "wasm", ...options });
}
