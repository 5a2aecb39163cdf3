/**
 * The large files (weights, head, runtime) through the Cache API: loaded once, with progress, and there without a
 * network afterwards. They are kept under the digest that the bundle's list gives them, so a new version replaces an
 * old one. The library's own downloads do the work, for files that are the page's own: tried again after a cut,
 * checked before they are kept. Runs in a worker: thirty megabytes are work.
 *
 * @module
 */
import { download } from "../../src/weights/download/download.ts";
import { openStorage } from "../../src/weights/storage/mod.ts";
import { LARGE_FILES } from "./caches.ts";

/** The bundle's list of files, which tools/bundle_browser.ts writes. */
interface FileList {
  /** The large files by their path from the page. */
  readonly large: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** How far loading is. */
export interface LoadProgress {
  /** Bytes that are here. */
  readonly loaded: number;
  /** Bytes in all. */
  readonly total: number;
  /** Whether anything comes over the network. */
  readonly downloading: boolean;
  /** What comes in a second now; 0 where nothing comes. */
  readonly bytesPerSecond: number;
  /** What went wrong and is tried again, "" where nothing has. */
  readonly trouble: string;
}

/** Reads the bundle's list, in the page's folder. */
async function readFileList(folder: string): Promise<FileList> {
  const response = await fetch(new URL("files.json", folder));
  if (!response.ok) throw new Error(`Cannot read files.json: the server answered ${response.status}`);
  return await response.json();
}

/**
 * Loads large files of the list. They are given as Blobs, which pass from thread to thread without a copy.
 *
 * @throws {Error} When one cannot be loaded or is damaged.
 */
export async function loadFiles<Path extends string>(
  paths: readonly Path[],
  folder: string,
  onProgress: (progress: LoadProgress) => void,
): Promise<Record<Path, Blob>> {
  const { large } = await readFileList(folder);
  const storage = await openStorage(LARGE_FILES);
  const total = paths.reduce((sum, path) => sum + large[path]!.bytes, 0);
  const present = new Map<Path, number>();
  const rates = new Map<Path, number>();
  let downloading = false;
  const report = (path: Path, bytes: number, trouble = "") => {
    present.set(path, bytes);
    const loaded = [...present.values()].reduce((sum, each) => sum + each, 0);
    const bytesPerSecond = [...rates.values()].reduce((sum, each) => sum + each, 0);
    onProgress({ loaded, total, downloading, bytesPerSecond, trouble });
  };
  const entries = await Promise.all(paths.map(async (path) => {
    const { sha256, bytes } = large[path]!;
    const address = `${new URL(path, folder).href}?sha256=${sha256}`;
    const file = { file: path.split("/").at(-1)!, urls: [address], bytes, sha256, licence: "" };
    const content = await storage.open(file) ?? await download(file, storage, {
      onProgress: (event) => {
        downloading = true;
        rates.set(path, event.kind === "download" ? event.bytesPerSecond : 0);
        if (event.kind === "download") report(path, event.present);
        if (event.kind === "download-retry") report(path, present.get(path) ?? 0, event.reason);
      },
    });
    report(path, bytes);
    return [path, new Blob([content.read(0, bytes) as Uint8Array<ArrayBuffer>])] as const;
  }));
  await forgetOldFiles(large);
  return Object.fromEntries(entries) as Record<Path, Blob>;
}

async function forgetOldFiles(large: FileList["large"]): Promise<void> {
  if (!("caches" in globalThis)) return;
  const cache = await caches.open(LARGE_FILES);
  const known = new Set(Object.values(large).map(({ sha256 }) => sha256));
  for (const { url } of await cache.keys()) {
    if (!known.has(new URL(url).searchParams.get("sha256") ?? "")) await cache.delete(url);
  }
}
