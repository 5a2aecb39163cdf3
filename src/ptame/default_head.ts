/**
 * The head to use if the caller names none: the shipped head for the two networks, else the class-activation start,
 * else an error that says how to train one.
 *
 * @module
 */
import { findHead, type HeadDefinition, heads } from "../../models/heads.ts";
import { findNetwork, type NetworkDefinition, networks } from "../../models/registry.ts";
import { isOnnxModel } from "../classifier/load.ts";
import type { CustomNetwork } from "../classifier/network_classifier.ts";
import type { OnnxModel } from "../classifier/onnx/model.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import { obtainShipped } from "../weights/obtain_shipped.ts";
import { shippedHeadUrl } from "../weights/shipped.ts";
import type { ClassifierPair } from "./classifier_pair.ts";
import { NoHeadError } from "./errors.ts";
import { type Head, readHead } from "./head_file.ts";
import { startingClassifier, untrainedHead } from "./untrained_head.ts";

/** The heads that can explain a network without training. */
export interface KnownHeads {
  /** Shipped heads trained for it. */
  readonly trained: readonly HeadDefinition[];
  /** The auxiliary whose class-activation start explains it, if there is no trained head. */
  readonly start: string;
}

/** The heads known for a network of models/; `--auxiliary` takes any network with `classifierTap` for a start. */
export function knownHeads(network: NetworkDefinition): KnownHeads {
  return { trained: heads.filter((head) => head.backbone === network.name), start: startFor(network).name };
}

/**
 * The auxiliary whose class-activation start explains a backbone without a trained head. A backbone with a suitable
 * final layer is its own auxiliary: the maps are then its class activation maps, and one pass serves both. Otherwise it
 * is the shipped network, which needs no download. The paper's auxiliary (ResNet-18) must be named.
 */
function startFor(network: OnnxModel | CustomNetwork): OnnxModel | CustomNetwork {
  return !isOnnxModel(network) && network.classifierTap === true ? network : networks[0]!;
}

/**
 * The default auxiliary: that of the given head, else that of the shipped head, else the one whose start explains the
 * backbone. A head may read the backbone itself.
 */
export function defaultAuxiliary(
  backbone: OnnxModel | CustomNetwork,
  head: Head | undefined,
): OnnxModel | CustomNetwork {
  const named = head?.record.auxiliary ?? findHead(backbone.name)?.auxiliary;
  if (named === backbone.name) return backbone;
  return (named === undefined ? undefined : findNetwork(named)) ?? startFor(backbone);
}

/**
 * The head for a backbone and an auxiliary.
 *
 * @throws {NoHeadError} When no head is shipped and none can start: the two networks have different classes, or the
 * auxiliary's scores are not a linear layer on its last tap.
 */
export async function defaultHead(
  pair: Pick<ClassifierPair, "auxiliary" | "backbone">,
  options: WeightOptions = {},
): Promise<Head> {
  const [backbone, auxiliary] = [pair.backbone.facts, pair.auxiliary.facts];
  const shipped = findHead(backbone.name, auxiliary.name);
  if (shipped === undefined) {
    const classifier = startingClassifier(pair);
    if (classifier !== undefined) return await untrainedHead(pair, classifier);
    const why = pair.auxiliary.finalLayer() !== undefined
      ? `no head is trained for its ${backbone.classes} classes, which auxiliary ${auxiliary.name} does not share`
      : `no head is trained for it with auxiliary ${auxiliary.name}, and none can start from that network's classifier`;
    throw new NoHeadError(backbone.name, auxiliary.name, why);
  }
  const what = `head of ${backbone.name}`;
  const content = await obtainShipped(shipped, shippedHeadUrl(shipped.file), what, options);
  return await readHead(content.read(0, content.size), shipped.file);
}
