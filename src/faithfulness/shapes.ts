/**
 * Shapes of objects in an image: boxes, polygons and masks, and which pixels of a classifier's crop they cover. A pixel is
 * inside if its centre is.
 *
 * @module
 */
import type { Size } from "../image/preprocess.ts";
import type { CropWindow } from "../image/types.ts";
import { boxesInCrop } from "./boxes.ts";
import { regionMask } from "./pointing.ts";
import type { Box } from "./types.ts";

/** An object, or a part of one, in pixels of the upright image. */
export type ObjectShape =
  | { readonly box: Box }
  /** Corners, x before y; inside is what an odd number of edges surrounds. */
  | { readonly polygon: readonly number[] }
  /** Lengths of runs from the top down, column by column, outside and inside by turns. */
  | { readonly runs: readonly number[]; readonly size: Size }
  /** One value per pixel, rows from the top, not 0 inside. */
  | { readonly mask: Uint8Array; readonly size: Size };

/**
 * The pixels of a crop that any of the shapes covers: 1 inside.
 *
 * @param window The crop, in pixels of the image.
 * @param size Width and height of the crop.
 */
export function shapesInCrop(shapes: readonly ObjectShape[], window: CropWindow, size: Size): Uint8Array {
  const inside = new Uint8Array(size.width * size.height);
  for (const shape of shapes) {
    const own = shapeInCrop(shape, window, size);
    for (let i = 0; i < inside.length; i++) inside[i]! |= own[i]!;
  }
  return inside;
}

function shapeInCrop(shape: ObjectShape, window: CropWindow, size: Size): Uint8Array {
  if ("box" in shape) return regionMask({ boxes: boxesInCrop([shape.box], window, size) }, size);
  if ("polygon" in shape) return polygonInCrop(shape.polygon, window, size);
  const mask = "runs" in shape ? maskFromRuns(shape.runs, shape.size) : shape.mask;
  return maskInCrop(mask, shape.size, window, size);
}

/** A polygon, by the places where each row of pixel centres crosses its edges. */
function polygonInCrop(polygon: readonly number[], window: CropWindow, size: Size): Uint8Array {
  const inside = new Uint8Array(size.width * size.height);
  const [across, down] = [size.width / window.width, size.height / window.height];
  const corners = Array.from(
    { length: polygon.length / 2 },
    (_, i) => [(polygon[2 * i]! - window.x) * across, (polygon[2 * i + 1]! - window.y) * down] as const,
  );
  for (let row = 0; row < size.height; row++) {
    const y = row + 0.5;
    const crossings = corners.flatMap(([x1, y1], i) => {
      const [x2, y2] = corners[(i + 1) % corners.length]!;
      return (y1 <= y) === (y2 <= y) ? [] : [x1 + (y - y1) / (y2 - y1) * (x2 - x1)];
    }).sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const column = (x: number) => Math.min(size.width, Math.max(0, Math.ceil(x - 0.5)));
      const [from, to] = [column(crossings[i]!), column(crossings[i + 1]!)];
      inside.fill(1, row * size.width + from, row * size.width + Math.max(from, to));
    }
  }
  return inside;
}

/** Runs as a mask, rows from the top. */
export function maskFromRuns(runs: readonly number[], { width, height }: Size): Uint8Array {
  const mask = new Uint8Array(width * height);
  let at = 0;
  runs.forEach((length, i) => {
    const end = at + length;
    if (i % 2 === 1) {
      for (let place = at; place < end; place++) {
        mask[place % height * width + Math.floor(place / height)] = 1;
      }
    }
    at = end;
  });
  return mask;
}

function maskInCrop(mask: Uint8Array, { width, height }: Size, window: CropWindow, size: Size): Uint8Array {
  return Uint8Array.from({ length: size.width * size.height }, (_, i) => {
    const x = Math.floor(window.x + (i % size.width + 0.5) * window.width / size.width);
    const y = Math.floor(window.y + (Math.floor(i / size.width) + 0.5) * window.height / size.height);
    return x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] !== 0 ? 1 : 0;
  });
}
