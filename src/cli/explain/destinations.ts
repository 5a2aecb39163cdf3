/**
 * Output paths for the results of images. They are fixed, and the folders created, before anything is computed.
 *
 * @module
 */
import { fileStem, isFolder, makeFolder, samePlace } from "../files.ts";
import { UsageError } from "../usage.ts";
import type { ExplainGiven } from "./options.ts";

/** Where the results of the images go. */
export interface Destinations {
  /** Path of the overlay of an image's target number `which` of `count`. */
  overlay(image: string, label: string, which: number, count: number): string;
  /** Path of an image's map; `undefined` if no map is requested. */
  map(image: string): string | undefined;
}

const OVERLAY_ENDING = /\.(png|webp|jpe?g|avif)$/i;

/** Decides where results go, and makes the folders, before anything is computed. */
export async function destinationsFor(
  options: Pick<ExplainGiven["options"], "out" | "map" | "against">,
  images: readonly string[],
): Promise<Destinations> {
  const several = images.length > 1;
  const place = async (option: "out" | "map", extensions: RegExp, expected: string) => {
    const path = options[option];
    if (path === undefined) return undefined;
    const folder = /[/\\]$/.test(path) || await isFolder(path) || (several && !extensions.test(path));
    if (folder) {
      await makeFolder(path);
      return { folder: path.replace(/[/\\]+$/, "") };
    }
    if (several) {
      throw new UsageError(`Option --${option} must be a folder for ${images.length} images, not ${path}`);
    }
    if (!extensions.test(path)) {
      throw new UsageError(
        `Option --${option} takes a file name that ends in ${expected}, or a folder, not ${path}`,
      );
    }
    return { file: path };
  };
  const out = await place("out", OVERLAY_ENDING, ".png, .webp, .jpg or .avif");
  const map = await place("map", /\.(npy|png|json)$/i, ".npy, .png or .json");
  const stems = uniqueStems(images);
  const kind = options.against === undefined ? "explained" : "contrast";
  return {
    overlay: (image, label, which, count) => {
      const suffix = overlaySuffix(label, which, count);
      if (out?.file !== undefined) return out.file.replace(OVERLAY_ENDING, (extension) => suffix + extension);
      const name = `${stems.get(image)}.${kind}${suffix}.png`;
      return out === undefined ? name : `${out.folder}/${name}`;
    },
    map: (image) => (map === undefined ? undefined : map.file ?? `${map.folder}/${stems.get(image)}.npy`),
  };
}

/** Suffix that distinguishes the overlays of several targets of one image. */
export function overlaySuffix(label: string, which: number, count: number): string {
  return count > 1 ? `.${which + 1}-${label.toLowerCase().replace(/[^a-z0-9]+/g, "-")}` : "";
}

/** Refuses to overwrite the image itself, or the overlay by the map. */
export function refuseOverwriting(image: string, destinations: Destinations): void {
  const [overlay, map] = [destinations.overlay(image, "", 0, 1), destinations.map(image)];
  for (const path of [overlay, map]) {
    if (path !== undefined && samePlace(path, image)) {
      throw new UsageError(`Cannot write the result over its own image ${image}`);
    }
  }
  if (map !== undefined && samePlace(overlay, map)) {
    throw new UsageError(`Options --out and --map name the same file ${map}`);
  }
}

/** Names for results: those of the images, numbered if two are equal. */
function uniqueStems(images: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const stems = new Map<string, string>();
  for (const image of new Set(images)) {
    const stem = fileStem(image);
    let name = stem;
    for (let i = 2; taken.has(name); i++) name = `${stem}-${i}`;
    taken.add(name);
    stems.set(image, name);
  }
  return stems;
}
