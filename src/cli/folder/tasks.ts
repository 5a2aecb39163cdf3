/**
 * What is left to do in a folder run, and the names of its results.
 *
 * @module
 */
import { withoutUndefined } from "../../text/without_undefined.ts";
import { nameGiver } from "../files.ts";
import { fileName, withoutEndSlash } from "../paths.ts";
import { resultStem, stemForResults } from "../result_names.ts";
import { pathBelow } from "../../text/path_below.ts";
import type { ImageTask } from "./image_worker.ts";

/** Where the results of a run go. */
export interface RunPlaces {
  /** The folder or list of the images. */
  readonly source: string;
  /** The folder of the results. */
  readonly out: string;
  /** The folder of the maps, if they are requested. */
  readonly map: string | undefined;
  /** The images that are done, with the paths of their overlays. */
  readonly done: ReadonlyMap<string, string>;
}

/**
 * The images that are not done, with the paths of their results: in the same subfolders as the images, and none that
 * another image has, be it done or not.
 */
export function createTasks(
  images: readonly string[],
  { source, out, map, done }: RunPlaces,
): ImageTask[] {
  const freeName = nameGiver(Array.from(done.values(), (path) => resultStem(path.slice(out.length + 1))));
  return images.filter((image) => !done.has(image)).map((image) => {
    const below = pathBelow(image, source);
    const inside = below === image ? fileName(image) : below;
    // a.jpg and a.png keep their extensions, and equal names are numbered.
    const name = freeName(stemForResults(inside.replace(/\.[^./]+$/, "")), inside);
    return { image, stem: `${out}/${name}`, ...withoutUndefined({ map: mapPathFor(map, name) }) };
  });
}

/** The path of an image's map, if maps are requested. */
export function mapPathFor(folder: string | undefined, name: string): string | undefined {
  return folder === undefined ? undefined : `${withoutEndSlash(folder)}/${name}.npy`;
}
