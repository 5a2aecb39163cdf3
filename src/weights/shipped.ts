/**
 * Where the files of models/weights/ and models/heads/ are: on disk, or on the package's server.
 *
 * Each has an address of its own, written out: bundlers follow `new URL` of one file and of nothing else.
 *
 * @module
 */

const WEIGHTS: Readonly<Record<string, URL>> = {
  "efficientnet_lite0.safetensors": new URL(
    "../../models/weights/efficientnet_lite0.safetensors",
    import.meta.url,
  ),
};

const HEADS: Readonly<Record<string, URL>> = {
  "efficientnet_lite0.safetensors": new URL(
    "../../models/heads/efficientnet_lite0.safetensors",
    import.meta.url,
  ),
};

/**
 * The address of shipped weights.
 *
 * @throws {TypeError} When the file is not among those above.
 */
export function shippedWeightsUrl(file: string): URL {
  return addressIn(WEIGHTS, file);
}

/**
 * The address of a shipped head.
 *
 * @throws {TypeError} When the file is not among those above.
 */
export function shippedHeadUrl(file: string): URL {
  return addressIn(HEADS, file);
}

function addressIn(files: Readonly<Record<string, URL>>, file: string): URL {
  const url = files[file];
  if (url === undefined) {
    throw new TypeError(`Cannot find ${file}: src/weights/shipped.ts has no address of it`);
  }
  return url;
}
