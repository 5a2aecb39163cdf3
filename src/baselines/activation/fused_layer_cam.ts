/**
 * Layer-CAM of several layers in one map (Jiang et al. 2021, section III.C): the maps of up to four layers, the deepest of
 * each size of the grid, are scaled to [0, 1], raised by a tanh since shallow maps are dark, enlarged to the finest of
 * them, and joined by their maximum.
 *
 *     L = max_l up(tanh(2 · M_l / max M_l))        M_l: Layer-CAM at layer l
 *
 * The factor 2 is the paper's, and torchcam's, which raises the maps of all layers, as here; the paper leaves out the
 * deepest. A layer whose map is 0 everywhere takes no part.
 *
 * @module
 */
import type { RawMap } from "../../explanation/blank_map.ts";
import { upsampleMap } from "../../image/upsample.ts";
import type { OpenClassifier, TappedGradient } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";
import { layerCamMap } from "./layer_cam.ts";

/** How much maps are raised. */
const RAISED = 2;

/** The joint map of passes at several layers. */
export function fusedLayerCamMap(passes: readonly TappedGradient[]): RawMap {
  const maps = passes.map(layerCamMap);
  const width = Math.max(...maps.map((map) => map.width));
  const height = Math.max(...maps.map((map) => map.height));
  const joined = new Float32Array(width * height);
  for (const map of maps) {
    const most = map.values.reduce((greatest, value) => Math.max(greatest, value), 0);
    if (!(most > 0)) continue;
    const raised = map.values.map((value) => Math.tanh(RAISED * value / most));
    const large = upsampleMap(raised, map.width, map.height, width, height);
    large.forEach((value, i) => joined[i] = Math.max(joined[i]!, value));
  }
  const stray = maps.some(({ values }) => values.some((value) => !Number.isFinite(value)));
  if (stray) joined.fill(NaN);
  return {
    width,
    height,
    values: joined,
    withoutGradient: maps.every((map) => map.withoutGradient === true),
  };
}

/** Layer-CAM at several layers of the classifier. */
export function fusedLayerCam(classifier: OpenClassifier): Attribute {
  return async (pixels, target, { signal } = {}) =>
    fusedLayerCamMap(await classifier.tappedLayers(pixels, target, signal));
}
