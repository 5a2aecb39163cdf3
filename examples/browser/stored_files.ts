/**
 * The large files (weights, head, runtime) through the Cache API: loaded once, with progress, and there without a
 * network afterwards. They are kept under the digest that the bundle's list gives them, so a new version replaces an
 * old one; a file that does not match its digest is refused. Runs in a worker: thirty megabytes are work.
 *
 * @module
 */

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
}

const CACHE = "ptame-files";

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
  // Without a secure context there is no Cache API: the page works, and loads each time.
  const cache = "caches" in globalThis ? await caches.open(CACHE).catch(() => undefined) : undefined;
  const total = paths.reduce((sum, path) => sum + large[path]!.bytes, 0);
  let [loaded, downloading] = [0, false];
  const advance = (bytes: number, fromNetwork: boolean) => {
    loaded += bytes;
    downloading ||= fromNetwork;
    onProgress({ loaded, total, downloading });
  };
  const entries = await Promise.all(paths.map(async (path) => {
    const { sha256, bytes: size } = large[path]!;
    const url = new URL(path, folder);
    const key = `${url.href}?sha256=${sha256}`;
    const kept = await cache?.match(key);
    if (kept !== undefined) {
      advance(size, false);
      return [path, await kept.blob()] as const;
    }
    const bytes = await downloadFile(url, size, (count) => advance(count, true));
    if (await isDamaged(bytes, sha256)) {
      throw new Error(`Cannot load ${path}: it does not match its SHA-256; reload the page`);
    }
    // A full disk must not keep the page from working.
    await cache?.put(key, new Response(bytes)).catch(() => undefined);
    return [path, new Blob([bytes])] as const;
  }));
  if (cache !== undefined) await forgetOldFiles(cache, large);
  return Object.fromEntries(entries) as Record<Path, Blob>;
}

async function downloadFile(
  url: URL,
  size: number,
  onBytes: (count: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const name = url.pathname.split("/").at(-1)!;
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new Error(`Cannot load ${name}: the server cannot be reached`, { cause });
  }
  if (!response.ok) throw new Error(`Cannot load ${name}: the server answered ${response.status}`);
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    if (at + chunk.length > size) throw new Error(`Cannot load ${name}: it is longer than ${size} bytes`);
    bytes.set(chunk, at);
    at += chunk.length;
    onBytes(chunk.length);
  }
  if (at < size) throw new Error(`Cannot load ${name}: it ended after ${at} of ${size} bytes`);
  return bytes;
}

/** Whether the bytes are others than those listed; not asked where the platform has no digest. */
async function isDamaged(bytes: Uint8Array<ArrayBuffer>, sha256: string): Promise<boolean> {
  if (!globalThis.isSecureContext) return false;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") !== sha256;
}

async function forgetOldFiles(cache: Cache, large: FileList["large"]): Promise<void> {
  const known = new Set(Object.values(large).map(({ sha256 }) => sha256));
  for (const { url } of await cache.keys()) {
    if (!known.has(new URL(url).searchParams.get("sha256") ?? "")) await cache.delete(url);
  }
}
