/**
 * `evaluate --maps DIR`: measures maps that another program made. Each folder of DIR is a method, with one file for each
 * image; without folders, DIR itself is one.
 *
 * @module
 */
import type { PreparedImage } from "../../classifier/prepared_image.ts";
import type { MaskMap, RawMap } from "../../explanation/blank_map.ts";
import type { MapMethod } from "../../explanation/map_method.ts";
import { maskFrom } from "../../baselines/types.ts";
import { decodeImage, type DecodeSettings } from "../../image/decode.ts";
import { decodeNpy } from "../../image/npy.ts";
import { ImageError } from "../../image/types.ts";
import { pathBelow } from "../../text/path_below.ts";
import type { ImageToRead } from "../../faithfulness/evaluation_images.ts";
import { isFile, readFile, reason } from "../files.ts";
import { fileName, withoutEndSlash } from "../paths.ts";
import { printable } from "../terminal.ts";

/** Maps that another program made. */
export interface MadeMaps {
  /** Names of the methods: their folders. */
  readonly names: readonly string[];
  /** Checks that every image has a map of every method. */
  check(images: readonly string[]): Promise<void>;
  /** The methods, for images that `remember` has seen. */
  readonly methods: Readonly<Record<string, MapMethod>>;
  /** The images; what they are named is remembered, because a map is found by it. */
  remember(all: Iterable<ImageToRead>): Iterable<ImageToRead>;
}

/** What maps are read from. */
export interface MadeMapsOptions {
  /** The folder of the methods' folders, or of one method's maps. */
  readonly maps: string;
  /** The folder from which images are listed. */
  readonly folder: string;
  /** How maps as images are read. */
  readonly decode: DecodeSettings;
}

/**
 * Lists the methods of a folder of maps.
 *
 * @throws {Error} When the folder cannot be read.
 */
export async function openMadeMaps({ maps, folder, decode }: MadeMapsOptions): Promise<MadeMaps> {
  const root = withoutEndSlash(maps);
  const folders = await listFolders(root);
  const places = folders.length === 0
    ? [[fileName(root), root] as const]
    : folders.map((name) => [name, `${root}/${name}`] as const);
  const names = new WeakMap<PreparedImage, string>();
  const find = (place: string, image: string) => findMap(place, pathBelow(image, folder));
  const method = (place: string): MapMethod => async (image) => {
    const name = names.get(image)!;
    return await readMap((await find(place, name))!, decode);
  };
  return {
    names: places.map(([name]) => name),
    methods: Object.fromEntries(places.map(([name, place]) => [name, method(place)])),
    async check(images) {
      for (const [name, place] of places) {
        const missing: string[] = [];
        for (const image of images) if (await find(place, image) === undefined) missing.push(image);
        if (missing.length === 0) continue;
        throw new Error(
          `Cannot evaluate: ${missing.length} of ${images.length} images have no map of ${name}, ${
            printable(missing[0]!)
          } among them, which needs a .npy or .png file with its name in ${printable(place)}`,
        );
      }
    },
    *remember(all) {
      for (const image of all) {
        yield {
          ...image,
          pixels: async () => {
            const loaded = await image.pixels();
            names.set(loaded, image.name);
            return loaded;
          },
        };
      }
    },
  };
}

async function listFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  try {
    for await (const entry of Deno.readDir(root)) if (entry.isDirectory) folders.push(entry.name);
  } catch (cause) {
    throw new Error(`Cannot read maps ${root}: ${reason(cause)}`, { cause });
  }
  return folders.sort();
}

/** A map's file: by the image's path below its folder or by its bare name, with or without the ending of the image. */
async function findMap(place: string, image: string): Promise<string | undefined> {
  for (const name of new Set([image, fileName(image)])) {
    for (const stem of [name.replace(/\.[^./\\]*$/, ""), name]) {
      for (const end of [".npy", ".png"]) {
        if (await isFile(`${place}/${stem}${end}`)) return `${place}/${stem}${end}`;
      }
    }
  }
  return undefined;
}

/**
 * A map: values of an array, which have a sign if one is below zero and are scaled from their least to their greatest
 * otherwise, as those of our own methods; or the brightness of an image, which is a mask as it is.
 */
async function readMap(path: string, decode: DecodeSettings): Promise<MaskMap> {
  if (path.endsWith(".png")) return maskFrom(await imageMap(path, decode), { view: "mask", signed: false });
  const raw = npyMap(decodeNpy(await readFile(path, "map"), `map ${printable(path)}`), path);
  return maskFrom(raw, { view: "range", signed: raw.values.some((value) => value < 0) });
}

function npyMap({ shape, data }: ReturnType<typeof decodeNpy>, path: string): RawMap {
  const sides = shape.filter((extent) => extent !== 1);
  const [height, width] = sides.length === 2 ? sides : shape.slice(-2);
  if (sides.length > 2 || height === undefined || width === undefined || height * width !== data.length) {
    throw new SyntaxError(
      `Cannot read map ${printable(path)}: its shape is [${shape.join(", ")}], not [height, width]`,
    );
  }
  return { width, height, values: data };
}

async function imageMap(path: string, decode: DecodeSettings): Promise<RawMap> {
  try {
    const { width, height, data } = await decodeImage(path, decode);
    const values = Float32Array.from(
      { length: width * height },
      (_, i) => (data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!) / 765,
    );
    return { width, height, values };
  } catch (error) {
    // A damaged map is not an image that can be skipped.
    if (error instanceof ImageError) throw new Error(error.message, { cause: error });
    throw error;
  }
}
