/**
 * Code shared by the subcommands of `models`: networks by name, and the folder for weights.
 *
 * @module
 */
import { findNetwork, type NetworkDefinition, networks } from "../../../models/registry.ts";
import { suggestion } from "../../text/nearest.ts";
import { shippedWeightsUrl } from "../../weights/shipped.ts";
import { type DiskStorage, diskStorage } from "../../weights/storage/disk.ts";
import { ownFolder } from "../../weights/storage/own_folder.ts";
import { UsageError } from "../usage.ts";

/** The folder of this user's weights. */
export function ownStorage(): DiskStorage {
  return diskStorage(ownFolder());
}

/**
 * The network of that name.
 *
 * @throws {UsageError} When the name is unknown; the nearest name is suggested.
 */
export function network(name: string): NetworkDefinition {
  const found = findNetwork(name);
  if (found !== undefined) return found;
  const names = networks.map(({ name }) => name);
  throw new UsageError(`Unknown network ${name}${suggestion(name, names)} (${names.join(", ")})`);
}

/** The networks of these names, each once. */
export function namedNetworks(names: readonly string[]): NetworkDefinition[] {
  return [...new Set(names)].map(network);
}

/** Location of shipped weights: a path, or an address if the package itself is on a server. */
export function shippedPath(file: string): string {
  const url = shippedWeightsUrl(file);
  return url.protocol === "file:" ? decodeURIComponent(url.pathname) : url.href;
}
