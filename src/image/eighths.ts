/**
 * The sizes at which a JPEG can be decoded: eighths of its own.
 *
 * @module
 */

/** The size of an image at some eighths, as libjpeg rounds it. */
export function sizeInEighths<T extends { readonly width: number; readonly height: number }>(
  size: T,
  eighths: number,
): T {
  const [width, height] = [size.width, size.height].map((side) => Math.ceil(side * eighths / 8));
  return { ...size, width: width!, height: height! };
}

/**
 * The fewest eighths at which the shorter side still has some pixels.
 *
 * @param atLeast Pixels; undefined for the whole image.
 */
export function eighthsFor(
  { width, height }: { readonly width: number; readonly height: number },
  atLeast: number | undefined,
): number {
  if (atLeast === undefined) return 8;
  return [1, 2, 4].find((eighths) => Math.min(width, height) * eighths / 8 >= atLeast) ?? 8;
}
