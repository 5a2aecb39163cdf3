/**
 * Reads annotations in the format of COCO (Lin et al., ECCV 2014; cocodataset.org, "Data format"): polygons, runs of
 * pixels, plain or compressed, or boxes of objects without either. All objects of an image count, of every category.
 *
 * @module
 */
import { readForeignJson } from "../text/foreign_json.ts";
import { shortened } from "../text/foreign_text.ts";
import type { ObjectShape } from "./shapes.ts";

/** COCO's own files of 5,000 images have 20 MB. */
const MOST_ANNOTATIONS = { characters: 200_000_000, depth: 8, values: 20_000_000 };

/** An image of more pixels is refused elsewhere, too. */
const MOST_PIXELS = 1_000_000_000;

/** Shapes by the image's file name. */
export type ShapesByImage = ReadonlyMap<string, readonly ObjectShape[]>;

/**
 * Reads the shapes of all images in a file of annotations; an image without objects has an empty list.
 *
 * @param text The JSON.
 * @param name Name of the file in errors.
 * @throws {SyntaxError} When the text has another form; the message names the annotation.
 *
 * @example One box
 * ```ts
 * import { parseCoco } from "./coco.ts";
 *
 * const shapes = parseCoco(
 *   `{ "images": [{ "id": 7, "file_name": "cat.jpg" }],
 *      "annotations": [{ "image_id": 7, "bbox": [10, 20, 100, 80] }] }`,
 *   "instances.json",
 * );
 * if (shapes.get("cat.jpg")!.length !== 1) throw new Error("not the box");
 * ```
 */
export function parseCoco(text: string, name: string): ShapesByImage {
  const json = readForeignJson(text, `annotations ${name}`, MOST_ANNOTATIONS);
  const { images, annotations } = members(json);
  if (!Array.isArray(images) || !Array.isArray(annotations)) {
    throw new SyntaxError(
      `Cannot read annotations ${name}: it has no lists "images" and "annotations", as COCO's files have`,
    );
  }
  const shapes = new Map<unknown, ObjectShape[]>();
  const named = new Map<string, ObjectShape[]>();
  images.forEach((image, i) => {
    const { id, file_name } = members(image);
    if (id === undefined || typeof file_name !== "string") {
      throw new SyntaxError(`Cannot read annotations ${name}: image ${i} has no "id" or no "file_name"`);
    }
    const own: ObjectShape[] = [];
    shapes.set(id, own);
    named.set(file_name, own);
  });
  annotations.forEach((annotation, i) => {
    const refused = (why: string) =>
      new SyntaxError(`Cannot read annotations ${name}: annotation ${i} ${why}`);
    const own = shapes.get(members(annotation)["image_id"]);
    if (own === undefined) throw refused('has an "image_id" of no image');
    own.push(...annotationShapes(annotation, refused));
  });
  return named;
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => typeof each === "number" && Number.isFinite(each));

function annotationShapes(annotation: unknown, refused: (why: string) => SyntaxError): ObjectShape[] {
  const { segmentation, bbox } = members(annotation);
  if (Array.isArray(segmentation) && segmentation.length > 0) {
    return segmentation.map((polygon) => {
      if (isNumbers(polygon) && polygon.length >= 6 && polygon.length % 2 === 0) return { polygon };
      throw refused(`has no polygon [x, y, x, y, …]: ${shortened(JSON.stringify(polygon))}`);
    });
  }
  const { counts, size } = members(segmentation);
  if (counts !== undefined) return [runsShape(counts, size, refused)];
  if (isNumbers(bbox) && bbox.length === 4 && bbox[2]! > 0 && bbox[3]! > 0) {
    const [x, y, width, height] = bbox as [number, number, number, number];
    return [{ box: { x, y, width, height } }];
  }
  throw refused('has neither a "segmentation" nor a "bbox" [x, y, width, height]');
}

function runsShape(counts: unknown, size: unknown, refused: (why: string) => SyntaxError): ObjectShape {
  const [height, width] = isNumbers(size) ? size : [];
  const whole = (value: number | undefined) => value !== undefined && Number.isInteger(value) && value > 0;
  if (!whole(height) || !whole(width) || height! * width! > MOST_PIXELS) {
    throw refused(`has no "size" [height, width]: ${shortened(JSON.stringify(size) ?? "")}`);
  }
  const runs = typeof counts === "string" ? expandRuns(counts) : isNumbers(counts) ? counts : [];
  const total = runs.reduce((sum, run) => sum + (Number.isInteger(run) && run >= 0 ? run : NaN), 0);
  if (total !== height! * width!) {
    throw refused(`has runs of ${total} pixels in an image of ${width} x ${height}`);
  }
  return { runs, size: { width: width!, height: height! } };
}

/**
 * Expands COCO's compressed runs: numbers in digits of five bits, lowest first, each as a printable character; from the
 * third on, a number is the difference from that before the last.
 */
export function expandRuns(text: string): number[] {
  const runs: number[] = [];
  for (let at = 0; at < text.length;) {
    let [value, place, digit] = [0, 1, 0];
    do {
      digit = text.charCodeAt(at++) - 48;
      value += (digit & 0x1f) * place;
      place *= 32;
    } while ((digit & 0x20) !== 0 && at < text.length && place < 2 ** 40);
    if ((digit & 0x10) !== 0) value -= place;
    runs.push(runs.length > 2 ? value + runs.at(-2)! : value);
  }
  return runs;
}
