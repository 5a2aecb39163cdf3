/**
 * Where the objects of images are: boxes by `--boxes`, annotations in COCO's format or masks as images by
 * `--annotations`.
 *
 * @module
 */
import { type BoxesByImage, boxesFor, boxesInCrop, parseBoxes } from "../../faithfulness/boxes.ts";
import { parseCoco } from "../../faithfulness/coco.ts";
import type { RegionReader } from "../../faithfulness/evaluation_images.ts";
import { type ObjectShape, shapesInCrop } from "../../faithfulness/shapes.ts";
import { decodeImage, type DecodeSettings } from "../../image/decode.ts";
import { ImageError } from "../../image/types.ts";
import { pathBelow } from "../../text/path_below.ts";
import { isFile, isFolder, readFile } from "../files.ts";
import { printable } from "../terminal.ts";
import { UsageError } from "../usage.ts";

/** Objects by image. */
export interface Annotations {
  /** The option that names them. */
  readonly option: "--boxes" | "--annotations";
  /** Whether an image has an entry. */
  has(image: string): boolean | Promise<boolean>;
  /** The objects of an image in a crop. */
  readonly region: RegionReader;
}

/** What annotations are read from. */
export interface AnnotationOptions {
  readonly boxes: string | undefined;
  readonly annotations: string | undefined;
  /** The folder from which images are listed. */
  readonly folder: string;
  /** How masks are read. */
  readonly decode: DecodeSettings;
}

/**
 * Reads what the options name; undefined if they name nothing. Masks are read one by one, when they are needed.
 *
 * @throws {UsageError} When both are given.
 * @throws {SyntaxError} When a file has another form.
 */
export async function openAnnotations(
  { boxes, annotations, folder, decode }: AnnotationOptions,
): Promise<Annotations | undefined> {
  if (boxes !== undefined && annotations !== undefined) {
    throw new UsageError("Options --boxes and --annotations both say where the objects are: give one");
  }
  if (boxes !== undefined) return boxAnnotations(parseBoxes(await readText(boxes, "boxes"), boxes), folder);
  if (annotations === undefined) return undefined;
  if (await isFolder(annotations)) return maskAnnotations(annotations, folder, decode);
  return shapeAnnotations(parseCoco(await readText(annotations, "annotations"), annotations), folder);
}

async function readText(path: string, what: string): Promise<string> {
  return new TextDecoder().decode(await readFile(path, what));
}

function boxAnnotations(boxes: BoxesByImage, folder: string): Annotations {
  return {
    option: "--boxes",
    has: (image) => boxesFor(boxes, image, folder) !== undefined,
    region: (image, { window, size }) => {
      const own = boxesFor(boxes, image, folder);
      return own && { boxes: boxesInCrop(own, window, size) };
    },
  };
}

function shapeAnnotations(shapes: ReadonlyMap<string, readonly ObjectShape[]>, folder: string): Annotations {
  return {
    option: "--annotations",
    has: (image) => boxesFor(shapes, image, folder) !== undefined,
    region: (image, { window, size, imageSize }) => {
      const own = boxesFor(shapes, image, folder);
      for (const shape of own ?? []) {
        if ("size" in shape) checkSize("annotation", image, shape.size, imageSize);
      }
      return own && { mask: shapesInCrop(own, window, size) };
    },
  };
}

/** Masks as PNG files, beside each other as the images are, or by the image's bare name; what is not black is inside. */
function maskAnnotations(masks: string, folder: string, decode: DecodeSettings): Annotations {
  const find = async (image: string): Promise<string | undefined> => {
    const below = pathBelow(image, folder).replace(/\.[^./\\]*$/, ".png");
    for (const path of [`${masks}/${below}`, `${masks}/${below.split(/[/\\]/).at(-1)!}`]) {
      if (await isFile(path)) return path;
    }
    return undefined;
  };
  return {
    option: "--annotations",
    has: async (image) => await find(image) !== undefined,
    region: async (image, { window, size, imageSize }) => {
      const path = await find(image);
      if (path === undefined) return undefined;
      const { width, height, data } = await decodeImage(path, decode);
      checkSize(`mask ${printable(path)}`, image, { width, height }, imageSize);
      const mask = Uint8Array.from(
        { length: width * height },
        (_, i) => data[3 * i] || data[3 * i + 1] || data[3 * i + 2] ? 1 : 0,
      );
      return { mask: shapesInCrop([{ mask, size: { width, height } }], window, size) };
    },
  };
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** A mask of another size would be compared with other places of the image. */
function checkSize(what: string, image: string, own: Sides, expected: Sides): void {
  if (own.width === expected.width && own.height === expected.height) return;
  throw new ImageError(
    `Cannot use ${what} for ${printable(image)}: it is ${own.width} x ${own.height}, the image ` +
      `${expected.width} x ${expected.height}`,
  );
}
