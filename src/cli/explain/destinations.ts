/**
 * Output paths for the results of images. They are fixed, and the folders created, before anything is computed.
 *
 * @module
 */
import { checkWritable, isFolder, makeFolder, nameGiver, realPath, samePlace } from "../files.ts";
import { fileStem, withoutEndSlash } from "../paths.ts";
import { overlaySuffix, rawMapPath, stemForResults } from "../result_names.ts";
import { STREAM } from "../streams.ts";
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
    if (path === STREAM && option === "out") {
      if (several) throw new UsageError("Only the overlay of one image can be written to standard output");
      return { file: STREAM };
    }
    const folder = /[/\\]$/.test(path) || await isFolder(path) || (several && !extensions.test(path));
    if (folder) {
      await makeFolder(path);
      return { folder: withoutEndSlash(path) };
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
      if (out?.file === STREAM) return STREAM;
      if (out?.file !== undefined) return out.file.replace(OVERLAY_ENDING, (extension) => suffix + extension);
      const name = `${stems.get(image)}.${kind}${suffix}.png`;
      return out === undefined ? name : `${out.folder}/${name}`;
    },
    map: (image) => (map === undefined ? undefined : map.file ?? `${map.folder}/${stems.get(image)}.npy`),
  };
}

/**
 * Refuses to overwrite one of the images, or an overlay by its map.
 *
 * @throws {UsageError} When a result would have the place of an image, or of the other result.
 */
export function refuseOverwriting(images: readonly string[], destinations: Destinations): void {
  const places = new Map(images.map((image) => [realPath(image), image]));
  for (const image of images) {
    const [overlay, map] = [destinations.overlay(image, "", 0, 1), destinations.map(image)];
    const raw = map === undefined ? undefined : rawMapPath(map);
    for (const path of [overlay, map, raw]) {
      const other = path === undefined ? undefined : places.get(realPath(path));
      if (other === image) throw new UsageError(`Cannot write the result over its own image ${image}`);
      if (other !== undefined) {
        throw new UsageError(
          `Cannot write the result of ${image} over the image ${other}: name another --${
            path === overlay ? "out" : "map"
          }`,
        );
      }
    }
    if (map !== undefined && samePlace(overlay, map)) {
      throw new UsageError(`Options --out and --map name the same file ${map}`);
    }
  }
}

/**
 * Refuses what cannot be animated, before anything is computed.
 *
 * @param path Where the animation goes, if one is requested.
 * @throws {UsageError} When there are several images, or the file's name ends in neither .gif nor .webp.
 */
export async function checkAnimation(path: string | undefined, images: readonly string[]): Promise<void> {
  if (path === undefined) return;
  if (images.length !== 1) throw new UsageError("Option --animate is for a single image");
  const { animationFormat } = await import("../../image/animation.ts");
  if (animationFormat(path) === undefined) {
    throw new UsageError(`Option --animate takes a file name that ends in .gif or .webp, not ${path}`);
  }
  if (samePlace(path, images[0]!)) {
    throw new UsageError(`Cannot write the animation over its own image ${path}`);
  }
  await checkWritable(path);
}

/** Names for results: those of the images, numbered if two are equal. */
function uniqueStems(images: readonly string[]): ReadonlyMap<string, string> {
  const freeName = nameGiver();
  return new Map(Array.from(new Set(images), (image) => [image, freeName(stemForResults(fileStem(image)))]));
}
