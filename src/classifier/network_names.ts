/**
 * Networks by name; an error suggests the nearest name.
 *
 * @module
 */
import { findNetwork, type NetworkDefinition, networks } from "../../models/registry.ts";
import { suggestion } from "../text/nearest.ts";

/**
 * The network of that name.
 *
 * @throws {RangeError} When the name is unknown; the nearest name is suggested.
 */
export function networkNamed(name: string): NetworkDefinition {
  const network = findNetwork(name);
  if (network !== undefined) return network;
  const names = networks.map((each) => each.name);
  throw new RangeError(
    `Unknown model ${JSON.stringify(name)}${suggestion(name, names)} (${names.join(", ")})`,
  );
}
