/**
 * Compares a map with the region of the object: the pointing game (Zhang et al. 2016) and the energy-based one
 * (Score-CAM, Wang et al. 2020). They need no classifier.
 *
 * @module
 */
import type { Size } from "../image/preprocess.ts";
import { type MeasureDefinition, singleMeasure } from "./measure.ts";
import type { PointingProtocol } from "./presets.ts";
import { type Enlarged, mapProbe, type PlainProbe } from "./probe.ts";
import type { Region } from "./types.ts";

/** One value per pixel, 1 inside the object. Boxes are clipped to the image; a pixel is inside if its centre is. */
export function regionMask(region: Region, size: Size): Uint8Array {
  if ("mask" in region) {
    if (region.mask.length !== size.width * size.height) {
      throw new TypeError(
        `Cannot use a mask of ${region.mask.length} values for an image of ${size.width} x ${size.height}`,
      );
    }
    return region.mask.map((value) => value === 0 ? 0 : 1);
  }
  const mask = new Uint8Array(size.width * size.height);
  const clip = (edge: number, side: number) => Math.min(side, Math.max(0, Math.ceil(edge - 0.5)));
  for (const { x, y, width, height } of region.boxes) {
    const [left, right] = [clip(x, size.width), clip(x + width, size.width)];
    for (let row = clip(y, size.height); row < clip(y + height, size.height); row++) {
      mask.fill(1, row * size.width + left, row * size.width + Math.max(left, right));
    }
  }
  return mask;
}

/**
 * Whether a pixel lies in the object or within `tolerance` pixels of it; undefined without an object, which is neither
 * a hit nor a miss.
 */
export function pointsAt(
  pixel: number,
  inside: Uint8Array,
  width: number,
  tolerance: number,
): boolean | undefined {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  let object = false;
  for (let i = 0; i < inside.length; i++) {
    if (inside[i] === 0) continue;
    object = true;
    if ((i % width - x) ** 2 + (Math.floor(i / width) - y) ** 2 <= tolerance ** 2) return true;
  }
  return object ? false : undefined;
}

/** The map's share inside the object; undefined if the map is zero everywhere or there is no object. */
export function energyInside(values: Float32Array, inside: Uint8Array): number | undefined {
  let [within, all, pixels] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    all += values[i]!;
    if (inside[i] === 0) continue;
    within += values[i]!;
    pixels++;
  }
  return pixels === 0 || all === 0 ? undefined : within / all;
}

/**
 * Pointing game (1 for a hit) and energy of one map: keys "pointing" and "energy". Without an object, there is no
 * value, and the image does not count.
 */
export function regionProbe(
  sample: Enlarged,
  kind: "pointing" | "energy",
  protocol: PointingProtocol,
  region: Region | undefined,
): PlainProbe {
  return mapProbe(() => {
    if (region === undefined) return {};
    const inside = regionMask(region, sample);
    const value = kind === "energy"
      ? energyInside(sample.values, inside)
      : pointsAt(sample.order[0]!, inside, sample.width, protocol.tolerance);
    return { [kind]: value === undefined ? undefined : Number(value) };
  });
}

/** One of the two: its name is its only key. */
function regionMeasure<Kind extends "pointing" | "energy">(
  kind: Kind,
  title: string,
  meaning: string,
  source: string,
): MeasureDefinition<Kind> {
  return singleMeasure({
    name: kind,
    source,
    negative: kind === "pointing" ? "order" : "zero",
    part: "pointing",
    standIn: "rise",
    needs: ["region"],
    probe: (sample, preset, { region }) => regionProbe(sample, kind, preset.pointing!, region),
    description: { title, meaning, better: "higher", digits: 3 },
  });
}

/** Pointing game: key "pointing". */
export const POINTING: MeasureDefinition<"pointing"> = regionMeasure(
  "pointing",
  "Pointing",
  "Pointing game: the share of images whose highest place of the map lies on the object.",
  "Zhang et al.: Top-down Neural Attention by Excitation Backprop, ECCV 2016",
);

/** Energy inside the object: key "energy". */
export const ENERGY: MeasureDefinition<"energy"> = regionMeasure(
  "energy",
  "Energy",
  "Energy: the share of the map's sum that lies on the object.",
  "Wang et al.: Score-CAM, CVPR Workshops 2020",
);
