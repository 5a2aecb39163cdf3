/**
 * Classes held out from training, to test a head on classes that it never saw. The index of a class alone decides its
 * part, so the same share always gives the same split. The hash is deliberately coarse: the last digit of an index
 * changes the position only a little. So neighbours in ImageNet's list, which are often related, mostly belong to the
 * same part. At a share of 0.4, the parts have 637, 229 and 134 of its thousand classes.
 *
 * @module
 */
import { hashText } from "../random/hash.ts";

/** The use of a class: to train on, to choose between heads, or to score the chosen head once. */
export type ClassPart = "train" | "choose" | "score";

/** All parts, in the order of their positions. */
export const CLASS_PARTS: readonly ClassPart[] = ["train", "choose", "score"];

/** Maximum share that can be held out. */
const MOST = 0.9;

/**
 * Checks a share of classes to hold out.
 *
 * @throws {RangeError} When it is not between 0 and 0.9.
 */
export function checkShare(share: number): void {
  if (share >= 0 && share <= MOST) return;
  throw new RangeError(`Cannot hold out a share of ${share} of the classes: it must be from 0 to ${MOST}`);
}

/** Position of a class in [0, 1). */
export function splitPosition(index: number): number {
  return hashText(`class ${index}`) / 2 ** 32;
}

/**
 * The part of a class.
 *
 * @param share Share of the classes to hold out, 0 to 0.9: half of it for choosing, half for scoring.
 * @throws {RangeError} When the share is not one.
 */
export function classPart(index: number, share: number): ClassPart {
  checkShare(share);
  const position = splitPosition(index);
  // Twelve decimals: 1 - 0.9 is to be 0.1.
  const [choose, score] = [1 - share, 1 - share / 2].map((bound) => Number(bound.toFixed(12)));
  return position < choose! ? "train" : position < score! ? "choose" : "score";
}

/**
 * Which classes may be targets of training.
 *
 * @param classes Number of classes.
 * @param share Share of the classes to hold out, 0 to 0.9.
 * @returns [classes]: 1 for each class of part "train".
 * @throws {RangeError} When the share is not one.
 */
export function allowedTargets(classes: number, share: number): Uint8Array {
  return Uint8Array.from({ length: classes }, (_, index) => classPart(index, share) === "train" ? 1 : 0);
}

/** An image and the classifier's top class for it. */
export interface ImageWithClass {
  /** Its path or other name. */
  readonly name: string;
  readonly class: number;
}

/**
 * Orders images so that every prefix is spread over the classes: the first of each class, then the second of each
 * class, and so on. The order depends on names (folder and file), not on the order of the list.
 */
export function spreadOverClasses<T extends ImageWithClass>(
  images: readonly T[],
): (T & { readonly rank: number })[] {
  const seen = new Map<number, number>();
  return images
    .map((image) => ({ ...image, place: hashText(shortName(image.name)) }))
    .sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map((image) => {
      const rank = seen.get(image.class) ?? 0;
      seen.set(image.class, rank + 1);
      return { ...image, rank };
    })
    .sort((a, b) => a.rank - b.rank || a.place - b.place);
}

/** Folder and file only, so that the whole collection can be moved. */
export function shortName(name: string): string {
  return name.split(/[/\\]/).slice(-2).join("/");
}
