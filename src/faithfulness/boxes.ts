/**
 * Reads boxes around objects from files (by image name, in pixels of the upright image), and converts them to pixels of
 * the classifier's crop.
 *
 * @module
 */
import type { Size } from "../image/preprocess.ts";
import type { CropWindow } from "../image/types.ts";
import { readForeignJson } from "../text/foreign_json.ts";
import { shortened } from "../text/foreign_text.ts";
import { pathBelow } from "../text/path_below.ts";
import type { Box } from "./types.ts";

/** Boxes of a million images: ten numbers and names each. */
const MOST_BOXES = { characters: 100_000_000, depth: 8, values: 10_000_000 };

/** Boxes by the image's name. */
export type BoxesByImage = ReadonlyMap<string, readonly Box[]>;

/**
 * Reads `{ "cat.jpg": [[x, y, width, height], …], … }`; a box may be `{ "x", "y", "width", "height" }` too, and a
 * single box needs no list around it.
 *
 * @param text The JSON.
 * @param name Name of the file in errors.
 * @throws {SyntaxError} When the text has another form; the message names the image.
 *
 * @example One box
 * ```ts
 * import { parseBoxes } from "./boxes.ts";
 *
 * const boxes = parseBoxes('{ "cat.jpg": [10, 20, 100, 80] }', "boxes.json");
 * if (boxes.get("cat.jpg")![0]!.height !== 80) throw new Error("not the box");
 * ```
 */
export function parseBoxes(text: string, name: string): BoxesByImage {
  const json = readForeignJson(text, `boxes ${name}`, MOST_BOXES);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new SyntaxError(`Cannot read boxes ${name}: it is not an object with image names as keys`);
  }
  return new Map(
    Object.entries(json).map(([image, given]) => {
      const single = !Array.isArray(given) || typeof given[0] === "number";
      const list: unknown[] = single ? [given] : given;
      return [image, list.map((box) => checkBox(box, image, name))];
    }),
  );
}

function checkBox(given: unknown, image: string, name: string): Box {
  const fields = Array.isArray(given)
    ? given.length === 4 ? given : []
    : ["x", "y", "width", "height"].map((field) => (given as Record<string, unknown> | null)?.[field]);
  const [x, y, width, height] = fields as (number | undefined)[];
  const right = [x, y, width, height].every((value) => typeof value === "number" && Number.isFinite(value));
  if (!right || width! <= 0 || height! <= 0) {
    throw new SyntaxError(
      `Cannot read boxes ${name}: ${shortened(JSON.stringify(given))} of ${shortened(image)} is not a box ` +
        "[x, y, width, height]",
    );
  }
  return { x: x!, y: y!, width: width!, height: height! };
}

/**
 * The boxes of an image, or what else is known by name: under its whole path, its path below `folder`, or its bare name.
 *
 * @param path The image's path.
 * @param folder The folder from which images were listed.
 */
export function boxesFor<T = readonly Box[]>(
  boxes: ReadonlyMap<string, T>,
  path: string,
  folder: string,
): T | undefined {
  return boxes.get(path) ?? boxes.get(pathBelow(path, folder)) ?? boxes.get(path.split(/[/\\]/).at(-1)!);
}

/**
 * Boxes of an image in pixels of the crop that a classifier sees.
 *
 * @param boxes In pixels of the image.
 * @param window The crop, in pixels of the image.
 * @param size Width and height of the crop.
 */
export function boxesInCrop(boxes: readonly Box[], window: CropWindow, size: Size): Box[] {
  const [across, down] = [size.width / window.width, size.height / window.height];
  return boxes.map((box) => ({
    x: (box.x - window.x) * across,
    y: (box.y - window.y) * down,
    width: box.width * across,
    height: box.height * down,
  }));
}
