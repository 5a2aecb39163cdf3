/**
 * The head that explains where the caller names none: the shipped one for the two networks, else the class-activation
 * start.
 *
 * @module
 */
import { findHead } from "../../models/heads.ts";
import { findNetwork, type NetworkDefinition, networks } from "../../models/registry.ts";
import { fetchBytes } from "../weights/fetch_bytes.ts";
import type { WeightFile } from "../weights/tensor_table.ts";
import type { BackboneFacts } from "../backbone/facts.ts";
import { type Head, readHead } from "./head_file.ts";
import { startingHead } from "./starting_head.ts";

/** Folder of the shipped heads, on disk or on the package's server. */
const SHIPPED = new URL("../../models/heads/", import.meta.url);

/** The auxiliary where none is named: the given head's own, else the shipped head's, else the default network. */
export function defaultAuxiliary(backbone: string | undefined, head: Head | undefined): string {
  const named = head?.record.auxiliary ??
    (backbone === undefined ? undefined : findHead(backbone)?.auxiliary);
  return named !== undefined && findNetwork(named) !== undefined ? named : networks[0]!.name;
}

/**
 * The head for a backbone and an auxiliary.
 *
 * @throws {TypeError} When none is shipped and the two do not share their classes.
 */
export async function defaultHead(
  auxiliary: NetworkDefinition,
  weights: WeightFile,
  backbone: BackboneFacts,
  signal?: AbortSignal,
): Promise<Head> {
  const shipped = findHead(backbone.name, auxiliary.name);
  if (shipped === undefined) return await startingHead(auxiliary, weights, backbone);
  const bytes = await fetchBytes(new URL(shipped.file, SHIPPED), `head of ${backbone.name}`, signal);
  return await readHead(bytes, shipped.file);
}
