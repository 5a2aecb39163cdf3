/**
 * The names that ptame gives its own results, and how they are told from images.
 *
 * @module
 */

/** Suffix that distinguishes the overlays of several targets of one image. */
export function overlaySuffix(label: string, which: number, count: number): string {
  // A file name has 255 bytes at most.
  const words = label.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60);
  return count > 1 ? `.${which + 1}-${words}` : "";
}

/** The stem of an image's results: that of the image, unless it would end like the name of raw values. */
export function stemForResults(stem: string): string {
  return /\.raw$/i.test(stem) ? `${stem}.image` : stem;
}

/** The path of the raw values beside a map. */
export function rawMapPath(map: string): string {
  return map.replace(/\.(npy|png)$/i, ".raw.npy");
}

/** The end of an overlay's name. */
const RESULT = /\.(explained|contrast)(\.\d+-[a-z0-9-]*)?\.(png|jpe?g|webp|avif)$/;

/** Whether a path is that of an overlay that ptame named. */
export function isResult(path: string): boolean {
  return RESULT.test(path);
}

/** The path of a result without suffix and extension. */
export function resultStem(path: string): string {
  return path.replace(RESULT, "");
}
