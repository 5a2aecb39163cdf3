/**
 * Gets the published weights of a network from the storage, or downloads them into it.
 *
 * @module
 */
import type { NetworkDefinition, PublishedFile } from "../../models/registry.ts";
import type { ByteSource } from "../bytes/byte_source.ts";
import { download } from "./download/download.ts";
import { DownloadError } from "./download/errors.ts";
import type { DownloadProgress } from "./download/progress.ts";
import { openStorage } from "./storage/mod.ts";
import type { WeightCache } from "./storage/types.ts";

/** How to get a network's weights if none are shipped and none are given. */
export interface WeightOptions {
  /**
   * Storage for downloaded weights: a folder in Deno, the name of a cache in a page, or a cache with `match` and `put`.
   * By default the platform's cache folder (`PTAME_CACHE` names another) in Deno, and "ptame" in a page.
   */
  readonly cache?: string | WeightCache | undefined;
  /** Fail instead of downloading. */
  readonly offline?: boolean | undefined;
  /**
   * Addresses of folders that contain the published files under their names, used instead of the published addresses.
   */
  readonly mirrors?: readonly string[] | undefined;
  /** Called with the progress of a download; see {@linkcode DownloadProgress}. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Stops the loading; the next attempt resumes the partial download. */
  readonly signal?: AbortSignal | undefined;
}

/** A published file in the storage. */
export interface ObtainedFile {
  readonly file: PublishedFile;
  readonly content: ByteSource;
}

/**
 * The published weights of a network: the first of its files in the storage, else the first that can be downloaded.
 *
 * @throws {DownloadError} When none is stored and none can be downloaded, or `offline` forbids it.
 * @throws {Error} When no file is known, or the storage fails.
 */
export async function obtainWeights(
  { name, weights }: Pick<NetworkDefinition, "name" | "weights">,
  options: WeightOptions = {},
): Promise<ObtainedFile> {
  const { published: files = [], named } = weights;
  if (files.length === 0) {
    const where = named === undefined ? "" : ` (torchvision's file is ${named.url})`;
    throw new Error(
      `Cannot load ${name}: its weights are not shipped; name a file with them, safetensors or PyTorch's${where}`,
    );
  }
  const storage = await openStorage(options.cache);
  for (const file of files) {
    const content = await storage.open(file);
    if (content !== undefined) return { file, content };
  }
  if (options.offline === true) {
    throw new DownloadError(
      `Cannot load ${name}: its weights are not in ${storage.place}, or damaged there, and offline forbids the network; ` +
        `get them with: deno task models pull ${name}`,
    );
  }
  const failures: string[] = [];
  for (const file of files) {
    try {
      return { file, content: await download(file, storage, options) };
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      failures.push(error.message);
    }
  }
  throw new DownloadError(failures.join("; "));
}
