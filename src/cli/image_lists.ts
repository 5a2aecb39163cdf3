/**
 * Images named on the command line: folders with all subfolders, text files with one path per line, or single files.
 *
 * @module
 */
import { reason } from "./files.ts";

const IMAGE = /\.(jpe?g|png|webp|avif|gif|tiff?|bmp|ico|psd|hei[cf]|jxl|jp2|p[bgp]m)$/i;

/**
 * Paths of all images in a folder and its subfolders. They are sorted, so the same folder always gives the same list.
 */
async function walk(folder: string): Promise<string[]> {
  const found: string[] = [];
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(folder)) entries.push(entry);
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const entry of entries) {
    const path = `${folder.replace(/[/\\]+$/, "")}/${entry.name}`;
    const { isDirectory } = entry.isSymlink ? await Deno.stat(path).catch(() => entry) : entry;
    // Links to folders are not followed, because they may lead back up.
    if (isDirectory && !entry.isSymlink) found.push(...await walk(path));
    // Hidden files, such as the ._photo.jpg that macOS leaves on other disks, hold no image.
    else if (!isDirectory && IMAGE.test(entry.name) && !entry.name.startsWith(".")) found.push(path);
  }
  return found;
}

/**
 * The images that a path refers to.
 *
 * @throws {Error} When the path cannot be read or contains no image.
 */
export async function listImages(path: string): Promise<string[]> {
  let found: string[];
  try {
    if ((await Deno.stat(path)).isDirectory) found = await walk(path);
    else if (IMAGE.test(path)) found = [path];
    else {
      const lines = (await Deno.readTextFile(path)).split(/\r?\n/).map((line) => line.trim());
      found = lines.filter((line) => line !== "" && !line.startsWith("#"));
    }
  } catch (cause) {
    throw new Error(`Cannot read images ${path}: ${reason(cause)}`, { cause });
  }
  if (found.length === 0) {
    throw new Error(`Cannot use images ${path}: it contains none (JPEG, PNG, WebP, HEIC, TIFF and others)`);
  }
  return found;
}

/** Selects `count` elements, evenly spread; all if there are not more. */
export function evenlySpread<T>(things: readonly T[], count: number): T[] {
  if (count >= things.length) return [...things];
  return Array.from({ length: count }, (_, i) => things[Math.floor((i + 0.5) * things.length / count)]!);
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
