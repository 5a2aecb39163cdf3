/**
 * Finds the weights of a network: shipped with the package, or a file that the caller names (safetensors or PyTorch's).
 *
 * @module
 */
import type { NetworkDefinition } from "../../models/registry.ts";
import { fetchBytes } from "./fetch_bytes.ts";
import type { WeightFile } from "./tensor_table.ts";
import { readWeightFile } from "./weight_file.ts";

/** Where weights are: the bytes of a file, its address, or a file whose table is read already. */
export type WeightSource = Uint8Array | URL | WeightFile;

/** Folder of the shipped weights, on disk or on the package's server. */
const SHIPPED = new URL("../../models/weights/", import.meta.url);

/**
 * Loads a network's weights.
 *
 * @param source The file to read; the shipped one by default.
 * @throws {Error} When none is shipped and none is given.
 * @throws {SyntaxError} When the file is neither safetensors nor one of PyTorch.
 */
export async function loadWeights(
  network: NetworkDefinition,
  source?: WeightSource,
  signal?: AbortSignal,
): Promise<WeightFile> {
  const { shipped, published, named } = network.weights;
  if (source === undefined && shipped === undefined) {
    const url = published?.at(0)?.urls[0] ?? named?.url;
    const where = url === undefined ? "" : ` (torchvision's file is ${url})`;
    throw new Error(
      `Cannot load ${network.name}: its weights are not shipped; name a file with them, safetensors or PyTorch's${where}`,
    );
  }
  if (source !== undefined && "table" in source) return source;
  const bytes = source instanceof Uint8Array
    ? source
    : await fetchBytes(source ?? new URL(shipped!.file, SHIPPED), `weights of ${network.name}`, signal);
  return readWeightFile(`weights of ${network.name}`, bytes);
}
