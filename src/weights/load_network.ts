/**
 * Finds the weights of a network: shipped with the package, published and downloaded once, or a file that the caller
 * names (safetensors or PyTorch's).
 *
 * @module
 */
import type { NetworkDefinition } from "../../models/registry.ts";
import { fetchBytes } from "./fetch_bytes.ts";
import { obtainShipped } from "./obtain_shipped.ts";
import { obtainWeights, type WeightOptions } from "./obtain.ts";
import { shippedWeightsUrl } from "./shipped.ts";
import type { WeightFile } from "./tensor_table.ts";
import { readWeightFile } from "./weight_file.ts";

/** A source of weights: the bytes of a file, its address, or a file whose table has been read. */
export type WeightSource = Uint8Array | URL | WeightFile;

/** Whether this is a file of weights, not a description of its source. */
export function isWeightSource(value: object): value is WeightSource {
  return value instanceof Uint8Array || value instanceof URL || "table" in value;
}

/**
 * Loads a network's weights.
 *
 * @param source The file to read; by default the shipped file, else the published file, downloaded if it is not stored.
 * @throws {DownloadError} When they are missing and cannot be downloaded.
 * @throws {SyntaxError} When the file is neither a safetensors nor a PyTorch file.
 */
export async function loadWeights(
  network: Pick<NetworkDefinition, "name" | "weights">,
  source?: WeightSource,
  options: WeightOptions = {},
): Promise<WeightFile> {
  const { shipped } = network.weights;
  if (source === undefined && shipped === undefined) {
    const { file, content } = await obtainWeights(network, options);
    return readWeightFile(file.file, content);
  }
  if (source !== undefined && "table" in source) return source;
  const what = `weights of ${network.name}`;
  const content = source instanceof Uint8Array
    ? source
    : source !== undefined
    ? await fetchBytes(source, what, options.signal)
    : await obtainShipped(shipped!, shippedWeightsUrl(shipped!.file), what, options);
  return readWeightFile(what, content);
}
