/**
 * The maps of an explanation as one NumPy file.
 *
 * @module
 */
import { encodeNpy } from "../image/npy.ts";
import type { TargetMap } from "../explanation/map_explanation.ts";

/** The maps as .npy, float32: [H, W] for one target, [K, H, W] for several. */
export function mapsNpy(targets: readonly Pick<TargetMap, "map">[]): Uint8Array<ArrayBuffer> {
  const { width, height } = targets[0]!.map;
  const all = new Float32Array(targets.length * width * height);
  targets.forEach(({ map }, i) => all.set(map.values, i * width * height));
  return encodeNpy(all, targets.length === 1 ? [height, width] : [targets.length, height, width]);
}
