/**
 * Reads a file that ships with the package. If the package itself is on a server (JSR, a bundled page), the file comes
 * through the storage like every other download: once, checked by its digest, without a network afterwards.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";
import type { WeightsFile } from "../../models/network.ts";
import { type ByteSource, toByteSource } from "../bytes/byte_source.ts";
import { download } from "./download/download.ts";
import { DownloadError } from "./download/errors.ts";
import { fetchBytes } from "./fetch_bytes.ts";
import type { WeightOptions } from "./obtain.ts";
import { openStorage } from "./storage/mod.ts";
import type { WeightStorage } from "./storage/types.ts";

/**
 * A shipped file.
 *
 * @param url Its address, beside the package's modules.
 * @param what What it is, for errors.
 * @throws {DownloadError} When it is on a server, is not stored, and cannot be downloaded or `offline` forbids it.
 * @throws {Error} When it cannot be read.
 */
export async function obtainShipped(
  shipped: WeightsFile,
  url: URL,
  what: string,
  options: WeightOptions = {},
): Promise<ByteSource> {
  const { cache, offline, signal } = options;
  const fetchAgain = async () => toByteSource(await fetchBytes(url, what, signal));
  if (!/^https?:$/.test(url.protocol)) return await fetchAgain();
  // Weights and heads may have one name, and another version of the package has other files.
  const file = { ...shipped, file: nameWithDigest(shipped), urls: [url.href] };
  const storage = await storageFor(cache);
  const kept = await storage?.open(file).catch(() => undefined);
  if (kept !== undefined && await isRight(kept, file)) return kept;
  if (offline === true) {
    throw new DownloadError(
      `Cannot load ${what}: ${file.file} is not in ${
        storage?.place ?? "any cache"
      }, and offline forbids the ` +
        "network; one run without offline keeps it",
    );
  }
  if (storage === undefined) return await fetchAgain();
  try {
    return await download(file, storage, options);
  } catch (error) {
    if (error instanceof DownloadError) throw error;
    // Without a place to keep it (no permission, a full disk), it is fetched at every start.
    signal?.throwIfAborted();
    return await fetchAgain();
  }
}

/** The file's name with the first digits of its digest, as torchvision names files. */
function nameWithDigest({ file, sha256 }: WeightsFile): string {
  return file.replace(/(?=\.[^.]*$)/, `-${sha256.slice(0, 8)}`);
}

/** The storage; undefined in a page without https, without permission for the environment, or where caches are forbidden. */
async function storageFor(cache: WeightOptions["cache"]): Promise<WeightStorage | undefined> {
  if (cache === undefined && !("Deno" in globalThis) && !("caches" in globalThis)) return undefined;
  return await openStorage(cache).catch(() => undefined);
}

/** Whether kept bytes are this version's: a page keeps them by their address, which versions may share. */
async function isRight(kept: ByteSource, { sha256 }: WeightsFile): Promise<boolean> {
  if ("Deno" in globalThis) return true;
  const bytes = kept.read(0, kept.size) as Uint8Array<ArrayBuffer>;
  return uint8ArrayToHex(await crypto.subtle.digest("SHA-256", bytes)) === sha256;
}
