/**
 * A part of a list of images that stands for all of it.
 *
 * @module
 */

/** Selects `count` elements, evenly spread; all if there are not more. */
export function evenlySpread<T>(things: readonly T[], count: number): T[] {
  if (count >= things.length) return [...things];
  return Array.from({ length: count }, (_, i) => things[Math.floor((i + 0.5) * things.length / count)]!);
}
