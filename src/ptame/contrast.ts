/**
 * The evidence for one class over another, from the same pass. The fuser is linear, so the difference of two classes'
 * maps is the map of the difference of their rows.
 *
 * Each class's map has its own level, which describes the size of its masks in general, not their position. With the
 * shipped head, the maps of two cats with equal probability may differ by 10 everywhere. So the difference is centred
 * on its own mean: a value above 0 means that the position supports the first class more than the second, compared with
 * the rest of the image. The result is divided by its largest magnitude, which keeps 0 in place; min–max would not. The
 * probabilities say which class is more likely, never this map.
 *
 * @module
 */
import { type DrawingLooks, renderOverlay } from "../image/overlay.ts";
import { encodePng } from "../image/png.ts";
import type { RgbImage, ValueMap } from "../image/types.ts";
import type { Head } from "./head_file.ts";
import { type Feature, fuseMap } from "./fuse.ts";
import { captionText, type ClassifiedImage, displayedAs, placeOver } from "../explanation/map_explanation.ts";
import type { ClassScore } from "../classifier/prediction.ts";
import { resolveTarget, type Target } from "../classifier/target.ts";

/** The evidence for one class over another. */
export interface Contrast {
  /** The class that positive values support. */
  readonly for: ClassScore;
  /** The class that negative values support. */
  readonly against: ClassScore;
  /** The contrast at the head's resolution, −1 to 1, mean 0; all 0 if the two maps differ by a constant. */
  readonly map: ValueMap;
  /** The mean and scale of the difference before it was centred and scaled. */
  readonly scale: { readonly mean: number; readonly unit: number };
  /** The contrast up-sampled bilinearly over the image; 0 outside the window that the classifier saw. */
  readonly imageMap: ValueMap;
  /** The image with the contrast drawn over it, and a legend that names both classes. */
  overlay(looks?: Pick<DrawingLooks, "opacity" | "full">): Promise<RgbImage>;
  /** The overlay as the bytes of a PNG file. */
  overlayPng(looks?: Pick<DrawingLooks, "opacity" | "full">): Promise<Uint8Array<ArrayBuffer>>;
}

/** Centres values on their mean and divides by the largest magnitude. */
export function centred({ values, ...size }: ValueMap): { map: ValueMap; scale: Contrast["scale"] } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let unit = 0;
  for (const value of values) unit = Math.max(unit, Math.abs(value - mean));
  if (!Number.isFinite(mean) || !Number.isFinite(unit)) {
    throw new RangeError("Cannot contrast: the head's map is not finite; its weights may be damaged");
  }
  // Rounding errors must not be amplified to a visible map.
  const flat = unit <= 1e-5 * Math.max(1, Math.abs(mean));
  const map = { ...size, values: values.map((value) => flat ? 0 : (value - mean) / unit) };
  return { map, scale: { mean, unit: flat ? 0 : unit } };
}

/**
 * The contrast of two classes from the features of a pass.
 *
 * @throws {RangeError} When a class is unknown, or both are the same.
 */
export function createContrast(
  seen: ClassifiedImage & { readonly head: Head; readonly features: readonly Feature[] },
  first: Target,
  second: Target,
  subtitle: string,
): Contrast {
  const [a, b] = [resolveTarget(first, seen.labels), resolveTarget(second, seen.labels)];
  if (a === b) throw new RangeError(`Cannot contrast ${seen.labels[a]} with itself: name another class`);
  const classScore = (index: number): ClassScore => ({
    index,
    label: seen.labels[index]!,
    probability: seen.probabilities[index]!,
  });
  const [mine, other] = [seen.head.row(a), seen.head.row(b)];
  const { map, scale } = centred(fuseMap(seen.features, mine.map((weight, i) => weight - other[i]!)));
  const [chosen, against] = [classScore(a), classScore(b)];
  let placed: ValueMap | undefined;
  const overlay = (looks: Pick<DrawingLooks, "opacity" | "full"> = {}) =>
    renderOverlay(seen.image, map, seen.window, {
      ...looks,
      caption: captionText(chosen, seen.reading),
      subtitle: `rather than ${captionText(against, seen.reading)}; ${subtitle}`,
      contrast: { for: chosen.label, against: against.label },
    });
  const contrast: Contrast = {
    for: chosen,
    against,
    map,
    scale,
    get imageMap() {
      return placed ??= placeOver(map, seen);
    },
    overlay,
    overlayPng: async (looks) => await encodePng(await overlay(looks)),
  };
  const texts = [chosen, against].map((score) => captionText(score, seen.reading));
  return displayedAs(contrast, texts.join(" rather than "));
}
