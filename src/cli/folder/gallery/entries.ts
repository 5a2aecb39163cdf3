/**
 * What the page of a folder run shows of each image: its classes, its overlay, and whether the classifier's answer is the
 * name of the image's folder.
 *
 * @module
 */
import type { ExplainedImage } from "../../explain/document.ts";
import { addressPath, fileName, parentFolder, pathInFolder } from "../../paths.ts";
import { pathBelow } from "../../../text/path_below.ts";

/** A line of the results. */
export type ResultLine =
  | ExplainedImage
  | { readonly image: string; readonly error: string; readonly identity?: string };

/** An image on the page; short names, because there are thousands. */
export interface GalleryEntry {
  /** Path of the image below the run's folder. */
  readonly name: string;
  /** Name of its folder; "" directly in the run's folder. */
  readonly folder: string;
  /** The most probable classes, best first: label and probability. */
  readonly classes: readonly (readonly [label: string, probability: number])[];
  /** Explained classes: label and address of the overlay, relative to the page. */
  readonly maps: readonly (readonly [label: string, address: string])[];
  /** Whether the best class is the folder's name; absent where the folder is not named as a class. */
  readonly agrees?: boolean;
  /** Why it has no map. */
  readonly error?: string;
}

/** A folder whose images are taken for another class. */
export interface Confusion {
  /** The folder. */
  readonly folder: string;
  /** The class that the classifier sees. */
  readonly label: string;
  /** Number of images. */
  readonly count: number;
}

/** Letters and digits of a name, for comparison: "Egyptian_cat" is "egyptian cat". */
function plainName(name: string): string {
  return name.normalize("NFC").toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim();
}

/** The address of a file that lies in the page's folder. */
function addressFrom(out: string, path: string): string {
  return addressPath(pathInFolder(path, out) ?? path);
}

/**
 * The entries of a run, in the order of its images.
 *
 * @param lines Its results; the last one of an image counts, and a map before an error.
 * @param images The images of the run.
 * @param source Their folder, or the list that names them.
 * @param out The folder of the results, where the page lies.
 */
export function galleryEntries(
  lines: readonly ResultLine[],
  images: readonly string[],
  { source, out }: { readonly source: string; readonly out: string },
): GalleryEntry[] {
  const found = new Map<string, ResultLine>();
  for (const line of lines) {
    if ("out" in line || !found.has(line.image)) found.set(line.image, line);
  }
  const present = images.flatMap((image) => found.get(image) ?? []);
  const classNames = new Set(
    present.flatMap((line) => "out" in line ? line.prediction.map(({ label }) => plainName(label)) : []),
  );
  return present.map((line) => {
    const name = pathBelow(line.image, source);
    const folder = name.includes("/") ? fileName(parentFolder(name)) : "";
    if (!("out" in line)) return { name, folder, classes: [], maps: [], error: line.error };
    const [best] = line.prediction;
    const own = plainName(folder);
    return {
      name,
      folder,
      classes: line.prediction.map(({ label, probability }) => [label, probability] as const),
      maps: line.targets.map((target) => [target.label, addressFrom(out, target.out)] as const),
      ...(best !== undefined && classNames.has(own) ? { agrees: plainName(best.label) === own } : {}),
    };
  });
}

/** The confusions of a run, the most frequent first. */
export function countConfusions(entries: readonly GalleryEntry[]): Confusion[] {
  const counts = new Map<string, Confusion>();
  for (const { folder, classes: [best], agrees } of entries) {
    if (agrees !== false || best === undefined) continue;
    const key = JSON.stringify([folder, best[0]]);
    counts.set(key, { folder, label: best[0], count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || (a.folder < b.folder ? -1 : 1));
}
