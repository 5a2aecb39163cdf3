/**
 * Where a map is strong, as shapes: the mask of the places above a threshold, their outlines as polygons and as SVG, and
 * the boxes around them. Outlines are found by marching squares (d3-contour) between the centres of the map's cells, so
 * they are finer than the map's own grid.
 *
 * A threshold is a value of the map, in [0, 1]. Zhou et al. (CVPR 2016) box objects at 0.2 of the largest value of a class
 * activation map; a map here ends at 1, so that is `threshold: 0.2`.
 *
 * @module
 */
// @ts-types="npm:@types/d3-contour@^3.0.6"
import { contours } from "d3-contour";
import type { CropWindow, ValueMap } from "../image/types.ts";
import { REGION_THRESHOLD } from "./region_threshold.ts";

/** A closed line: points [x, y] in pixels of the image, the first one again at the end. */
export type Ring = readonly (readonly [x: number, y: number])[];

/** A rectangle in pixels of the image. */
export interface RegionBox {
  /** Left edge. */
  readonly x: number;
  /** Upper edge. */
  readonly y: number;
  /** Extent to the right. */
  readonly width: number;
  /** Extent downwards. */
  readonly height: number;
}

/** A connected part of the image where a map is at least as strong as the threshold. */
export interface MapRegion {
  /** The rectangle around it. */
  readonly box: RegionBox;
  /** Its outline, then its holes: the coordinates of a GeoJSON polygon, in pixels of the image. */
  readonly rings: readonly Ring[];
  /** Its share of the window that the classifier saw, in [0, 1]. */
  readonly area: number;
  /** Its share of the sum of the whole map, in [0, 1]. */
  readonly weight: number;
}

/** Which regions are wanted. */
export interface RegionOptions {
  /** The least value of the map inside a region, in (0, 1]; 0.5 by default. */
  readonly threshold?: number;
  /** Regions whose `area` is smaller are left out; 0.002 by default (about six cells of a map of 56 x 56). */
  readonly leastArea?: number;
}

/** A map and the part of the image that it covers: a `TargetMap` and the `window` of its explanation. */
export interface PlacedMap {
  /** Its values, in [0, 1]. */
  readonly map: ValueMap;
  /** The part of the image that it covers, in pixels. */
  readonly window: CropWindow;
}

const LEAST_AREA = 0.002;

/**
 * Marks the places where a map is at least as strong as a threshold.
 *
 * @param map Values in [0, 1]: `map`, or `imageMap` for a mask of the image's size.
 * @param threshold The least value that is marked, in (0, 1].
 * @returns 1 for each marked place, else 0; row by row, as long as the map's values.
 * @throws {RangeError} When the threshold is not in (0, 1].
 */
export function thresholdMask(map: ValueMap, threshold: number = REGION_THRESHOLD): Uint8Array {
  checkThreshold(threshold);
  return Uint8Array.from(map.values, (value) => value >= threshold ? 1 : 0);
}

/**
 * Finds the connected regions where a map is at least as strong as a threshold.
 *
 * @returns The regions, the one with the largest `weight` first; none where the map is nowhere so strong.
 * @throws {RangeError} When an option is out of range.
 *
 * @example The box around what the classifier looked at
 * ```ts
 * import { explain } from "@ptame/ptame";
import { mapRegions } from "@ptame/ptame/regions";
 *
 * const { targets, window } = await explain("models/sample/chelsea.jpg");
 * const [strongest] = mapRegions({ map: targets[0]!.map, window });
 * console.log(strongest!.box); // { x, y, width, height } in pixels of the photo
 * ```
 */
export function mapRegions({ map, window }: PlacedMap, options: RegionOptions = {}): MapRegion[] {
  const { threshold = REGION_THRESHOLD, leastArea = LEAST_AREA } = options;
  checkThreshold(threshold);
  if (!(leastArea >= 0 && leastArea <= 1)) {
    throw new RangeError(`Cannot find regions: leastArea is ${leastArea}, not a share from 0 to 1`);
  }
  const { width, height, values } = map;
  const total = values.reduce((sum, value) => sum + value, 0);
  // Of type number[] in its types; it reads any list.
  const { coordinates } = contours().size([width, height])
    .contour(values as unknown as number[], threshold);
  const placed = (x: number, y: number): readonly [number, number] => [
    window.x + x / width * window.width,
    window.y + y / height * window.height,
  ];
  return coordinates.map((polygon) => {
    const cells = polygon as [number, number][][];
    const rings = cells.map((ring) => ring.map(([x, y]) => placed(x, y)));
    return {
      box: boxAround(rings[0]!),
      rings,
      area: cells.reduce((sum, ring) => sum + signedArea(ring), 0) / (width * height),
      weight: total > 0 ? sumInside(map, cells) / total : 0,
    };
  }).filter(({ area }) => area >= leastArea).sort((a, b) => b.weight - a.weight || b.area - a.area);
}

/**
 * The regions as a GeoJSON feature collection, a polygon each; coordinates are pixels of the image, y downwards.
 *
 * @param properties Stored with every polygon beside its box, area and weight.
 */
export function regionsGeoJson(
  regions: readonly MapRegion[],
  properties: Readonly<Record<string, unknown>> = {},
): RegionCollection {
  return {
    type: "FeatureCollection",
    features: regions.map(({ rings, box, area, weight }) => ({
      type: "Feature",
      bbox: [box.x, box.y, box.x + box.width, box.y + box.height],
      geometry: { type: "Polygon", coordinates: rings },
      properties: { ...properties, area, weight },
    })),
  };
}

/** What `regionsGeoJson` gives. */
export interface RegionCollection {
  /** GeoJSON's word for it. */
  readonly type: "FeatureCollection";
  /** The regions, each with its box, its rings, its area and its weight. */
  readonly features: readonly {
    readonly type: "Feature";
    readonly bbox: readonly [left: number, top: number, right: number, bottom: number];
    readonly geometry: { readonly type: "Polygon"; readonly coordinates: readonly Ring[] };
    readonly properties: Readonly<Record<string, unknown>>;
  }[];
}

/**
 * The outlines as an SVG document of the image's size, to be laid over the image.
 *
 * @param image Size of the image in pixels.
 * @returns One path per region, its holes left out; its stroke is as wide on the screen at every size.
 */
export function regionsSvg(
  regions: readonly MapRegion[],
  image: { readonly width: number; readonly height: number },
): string {
  const paths = regions.map(({ rings }) => {
    const d = rings.map((ring) =>
      `M${ring.slice(0, -1).map((point) => point.map(short).join(",")).join("L")}Z`
    );
    return `  <path d="${d.join("")}"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${image.width} ${image.height}" ` +
    `width="${image.width}" height="${image.height}">`,
    '<g fill="none" stroke="#fff" stroke-width="2" vector-effect="non-scaling-stroke" fill-rule="evenodd">',
    ...paths,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Hundredths of a pixel. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function checkThreshold(threshold: number): void {
  if (!(threshold > 0 && threshold <= 1)) {
    throw new RangeError(`Cannot find regions: the threshold is ${threshold}, not above 0 and at most 1`);
  }
}

function boxAround(ring: Ring): RegionBox {
  const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Shoelace formula; negative for holes, which run the other way round. */
function signedArea(ring: readonly (readonly [number, number])[]): number {
  let twice = 0;
  for (let i = 1; i < ring.length; i++) {
    const [[ax, ay], [bx, by]] = [ring[i - 1]!, ring[i]!];
    twice += ay * bx - ax * by;
  }
  return twice / 2;
}

/** The sum of the cells whose centre lies inside the outline and outside its holes. */
function sumInside(map: ValueMap, rings: readonly (readonly (readonly [number, number])[])[]): number {
  const ys = rings[0]!.map(([, y]) => y);
  const [first, end] = [
    Math.max(0, Math.floor(Math.min(...ys))),
    Math.min(map.height, Math.ceil(Math.max(...ys))),
  ];
  let sum = 0;
  for (let row = first; row < end; row++) {
    const y = row + 0.5;
    // Where the rings cross the row: inside is between the first and the second crossing, and so on.
    const crossings = rings.flatMap((ring) => rowCrossings(ring, y)).sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil(crossings[i]! - 0.5));
      const to = Math.min(map.width - 1, Math.floor(crossings[i + 1]! - 0.5));
      for (let column = from; column <= to; column++) sum += map.values[row * map.width + column]!;
    }
  }
  return sum;
}

function rowCrossings(ring: readonly (readonly [number, number])[], y: number): number[] {
  const found: number[] = [];
  for (let i = 1; i < ring.length; i++) {
    const [[ax, ay], [bx, by]] = [ring[i - 1]!, ring[i]!];
    if ((ay <= y) !== (by <= y)) found.push(ax + (y - ay) / (by - ay) * (bx - ax));
  }
  return found;
}
