/**
 * What is known of a classifier before it runs.
 *
 * @module
 */
import type { NetworkDefinition, Preprocessing } from "../../models/registry.ts";
import type { OutputActivation } from "../graph/onnx_file.ts";

/** What an explainer needs to know of a classifier before it runs. */
export interface BackboneFacts {
  /** Name that people see. */
  readonly name: string;
  /** Classes that it tells apart. */
  readonly classes: number;
  /** Class names by index. */
  readonly labels: readonly string[];
  /** How a picture becomes its input, for pixels in [0, 1]. */
  readonly preprocessing: Preprocessing;
  /** What its scores have been through already: a softmax inside the network gives probabilities. */
  readonly activation: OutputActivation;
}

/** Names for classes that have none. */
export function numberedLabels(classes: number): string[] {
  return Array.from({ length: classes }, (_, index) => `class ${index}`);
}

/** What is known of a network of models/ without running it. */
export function factsOf(network: NetworkDefinition, labels: readonly string[]): BackboneFacts {
  const { name, classes, preprocessing } = network;
  return { name, classes, labels, preprocessing, activation: "none" };
}
