/**
 * The head that explains where the caller names none: the shipped one for the two networks, else the class-activation
 * start, else an error that says how to train one.
 *
 * @module
 */
import { findHead, type HeadDefinition, heads } from "../../models/heads.ts";
import { findNetwork, type NetworkDefinition, networks } from "../../models/registry.ts";
import { fetchBytes } from "../weights/fetch_bytes.ts";
import { shippedHeadUrl } from "../weights/shipped.ts";
import type { WeightFile } from "../weights/tensor_table.ts";
import type { BackboneFacts } from "../classifier/facts.ts";
import { NoHeadError } from "./errors.ts";
import { type Head, readHead } from "./head_file.ts";
import { startingClassifier, startingHead } from "./starting_head.ts";

/** The heads that a network can be explained with, without training one. */
export interface KnownHeads {
  /** Shipped heads, trained for it. */
  readonly trained: readonly HeadDefinition[];
  /** The auxiliary that explains it untrained where there is no trained head: its class-activation start. */
  readonly start: string;
}

/** The heads known for a network of models/; `--auxiliary` takes any network with `classifierTap` for a start. */
export function knownHeads(network: NetworkDefinition): KnownHeads {
  return { trained: heads.filter((head) => head.backbone === network.name), start: startFor(network) };
}

/**
 * Whose class-activation start explains a backbone that has no trained head: its own where it has one, for then the maps
 * are its class-activation maps and one pass serves both; else the shipped network's, which needs no download. The
 * paper's auxiliary (ResNet-18) has to be asked for.
 */
function startFor(network: NetworkDefinition | undefined): string {
  return network?.classifierTap ? network.name : networks[0]!.name;
}

/** The auxiliary where none is named: the given head's own, else the shipped head's, else whose start explains. */
export function defaultAuxiliary(network: NetworkDefinition | undefined, head: Head | undefined): string {
  const named = head?.record.auxiliary ?? (network && findHead(network.name)?.auxiliary);
  return named !== undefined && findNetwork(named) !== undefined ? named : startFor(network);
}

/**
 * The head for a backbone and an auxiliary.
 *
 * @throws {NoHeadError} When none is shipped and none can start: the two do not share their classes, or the auxiliary's
 * scores are not a linear layer on its last tap.
 */
export async function defaultHead(
  auxiliary: NetworkDefinition,
  weights: WeightFile,
  backbone: BackboneFacts,
  signal?: AbortSignal,
): Promise<Head> {
  const shipped = findHead(backbone.name, auxiliary.name);
  if (shipped === undefined) {
    const classifier = startingClassifier(auxiliary, weights, backbone.labels);
    if (classifier !== undefined) return await startingHead(auxiliary, classifier, backbone);
    const why = auxiliary.classifierTap
      ? `no head is trained for its ${backbone.classes} classes, which auxiliary ${auxiliary.name} does not share`
      : `no head is trained for it with auxiliary ${auxiliary.name}, and none can start from that network's classifier`;
    throw new NoHeadError(backbone.name, auxiliary.name, why);
  }
  const bytes = await fetchBytes(shippedHeadUrl(shipped.file), `head of ${backbone.name}`, signal);
  return await readHead(bytes, shipped.file);
}
