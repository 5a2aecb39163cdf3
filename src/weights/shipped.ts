/**
 * Addresses of the files in models/weights/ and models/heads/, on disk or on the package's server.
 *
 * Each address is written out, because bundlers follow only `new URL` of a single file.
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
