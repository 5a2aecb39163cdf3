/**
 * Open classifiers for the tests of baselines: weights from seeds.
 *
 * @module
 */
import type { NetworkDefinition } from "../../models/network.ts";
import { factsOf, numberedLabels } from "../../src/classifier/facts.ts";
import { classifierOver, type OpenClassifier, type OpenOptions } from "../../src/classifier/open.ts";
import { seededFrozen } from "../ptame/seeded_networks.ts";

/** A network of models/, or a tiny one, with weights from a seed. */
export function seededClassifier(
  network: NetworkDefinition,
  seed: number,
  options: OpenOptions = {},
): Promise<OpenClassifier> {
  const tapNames = network.taps.map((tap) => tap.name);
  return classifierOver(
    {
      facts: factsOf(network, numberedLabels(network.classes)),
      network: () => ({ ...seededFrozen(network, seed), tapNames }),
    },
    { device: "wasm", ...options },
  );
}
