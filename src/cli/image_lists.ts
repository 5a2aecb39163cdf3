/**
 * Images named on the command line: folders with all subfolders, text files with one path per line, or single files.
 *
 * @module
 */
import { isObjectAddress } from "../objects/address.ts";
import { evenlySpread } from "../ptame/evenly_spread.ts";
import { isAddress } from "../image/source.ts";
import { readFile, reason } from "./files.ts";
import { fileName, withoutEndSlash } from "./paths.ts";
import { isResult } from "./result_names.ts";
import { isPacked, type PackedOptions } from "./sources/types.ts";

const IMAGE =
  /\.(jpe?g|jpe|jfif|png|webp|avif|gif|tiff?|bmp|ico|psd|hei[cf]|jxl|jp2|p[bgp]m|tga|pcx|sgi|dds|dcm)$/i;

/** Images that no codec here reads. */
const UNREAD_IMAGE = /\.(svgz?|pdf|eps|ai|cr2|cr3|nef|arw|orf|rw2|raf|xcf|exr|hdr)$/i;

/** Whether a name is that of an image that can be read. */
export function isImageName(name: string): boolean {
  return IMAGE.test(name);
}

/** Whether macOS made a file beside the real one: `._x.jpg`, or anything in a ZIP file's `__MACOSX`. */
function isAppleDouble(path: string): boolean {
  return fileName(path).startsWith("._") || /(^|[/\\])__MACOSX[/\\]/.test(path);
}

/** A path as it was given; one that reads like an address, but is there as a file or folder, gets `./` before it. */
export async function pathOrAddress(path: string): Promise<string> {
  if (!isAddress(path)) return path;
  const there = await Deno.lstat(path).then(() => true, () => false);
  return there ? `./${path}` : path;
}

/**
 * Paths of all images in a folder and its subfolders, without hidden ones. They are sorted, so the same folder always
 * gives the same list. Links to folders are followed; each folder is read once, so a link may lead back up.
 *
 * @param unread Gets the paths of images that no codec reads.
 */
async function walk(folder: string, unread: string[], seen = new Set<string>()): Promise<string[]> {
  const place = await Deno.realPath(folder);
  if (seen.has(place)) return [];
  seen.add(place);
  const found: string[] = [];
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(folder)) entries.push(entry);
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const entry of entries) {
    // Hidden files, such as the ._photo.jpg that macOS leaves on other disks, hold no image.
    if (entry.name.startsWith(".") || entry.name === "__MACOSX") continue;
    const path = `${withoutEndSlash(folder).replace(/^\/$/, "")}/${entry.name}`;
    const { isDirectory } = entry.isSymlink ? await Deno.stat(path).catch(() => entry) : entry;
    if (isDirectory) found.push(...await walk(path, unread, seen));
    else if (IMAGE.test(entry.name) || isPacked(entry.name)) found.push(path);
    else if (UNREAD_IMAGE.test(entry.name)) unread.push(path);
  }
  return found;
}

/**
 * The files that a path refers to, each once: images, and files that hold many. Overlays that ptame named are left out of folders and lists, because a
 * run often has its results beside its images.
 *
 * @param say Told how many overlays, and how many images of other kinds, were left out.
 * @throws {Error} When the path cannot be read or contains no image.
 */
export async function listFiles(path: string, say: (line: string) => void = () => {}): Promise<string[]> {
  let listed: string[];
  const unread: string[] = [];
  try {
    if (isPacked(path) || (isObjectAddress(path) && IMAGE.test(path))) return [path];
    if (!isObjectAddress(path) && (await Deno.stat(path)).isDirectory) {
      listed = await walk(await pathOrAddress(path), unread);
    } else if (IMAGE.test(path)) return [await pathOrAddress(path)];
    else {
      const lines = decodeText(await readFile(path, "images")).split(/\r?\n/).map((line) => line.trim());
      listed = lines.filter((line) => line !== "" && !line.startsWith("#") && !isAppleDouble(line));
    }
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith("Cannot read images ")) throw cause;
    throw new Error(`Cannot read images ${path}: ${reason(cause)}`, { cause });
  }
  const found = [...new Set(listed)].filter((image) => !isResult(image));
  if (found.length === 0) {
    const what = listed.length > 0
      ? "only overlays of ptame"
      : "none (JPEG, PNG, WebP, HEIC, TIFF and others)";
    throw new Error(`Cannot use images ${path}: it contains ${what}`);
  }
  if (unread.length > 0) {
    const endings = [...new Set(unread.map((name) => name.slice(name.lastIndexOf(".")).toLowerCase()))]
      .sort();
    say(`Left out: ${unread.length} of kinds that are not read (${endings.join(", ")})`);
  }
  const overlays = listed.filter(isResult).length;
  if (overlays > 0) say(`Left out: ${overlays} ${overlays === 1 ? "overlay" : "overlays"} that ptame drew`);
  return found;
}

/**
 * The images of any source by names from which they can be read at any time: paths, and addresses of objects. Images in tar
 * shards and Parquet files are copied first.
 *
 * @param say Told what is left out or copied.
 * @throws {Error} When the path cannot be read or contains no image.
 */
export async function listImages(
  path: string,
  say: (line: string) => void = () => {},
  { column, signal = new AbortController().signal }: Partial<PackedOptions> = {},
): Promise<string[]> {
  const { namesAnywhere } = await import("./sources/copies.ts");
  const names = await namesAnywhere(path, say, { column, signal });
  if (names.length > 0) return names;
  throw new Error(`Cannot use images ${path}: none of them can be read`);
}

/** A text file as Windows and others write it: UTF-16 with a byte order mark, else UTF-8. */
function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

/**
 * Removes `count` images, evenly spread over the list; always the same for the same list.
 *
 * @throws {RangeError} When no image would be left.
 */
export function holdOut(
  images: readonly string[],
  count: number,
): { readonly rest: string[]; readonly held: string[] } {
  if (count > 0 && count >= images.length) {
    throw new RangeError(`Cannot hold out ${count} of ${images.length} images: none would be left`);
  }
  const taken = new Set(evenlySpread(images.map((_, i) => i), count));
  return {
    rest: images.filter((_, i) => !taken.has(i)),
    held: images.filter((_, i) => taken.has(i)),
  };
}
