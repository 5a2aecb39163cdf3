/**
 * Classes kept out of training, so that a head can be tested on classes that it never saw. Which class falls where is
 * decided by its index alone: everybody who names the same share splits alike. The hash is coarse, on purpose kept: the
 * last digit of an index moves a class little, so neighbours in ImageNet's list, which are often related, mostly fall
 * together, and of its thousand classes 637, 229 and 134 fall into the parts at a share of 0.4.
 *
 * @module
 */
import { hashOf } from "../random/hash.ts";

/** What a class is for: to train on, to choose between heads by, or to score the chosen one on, once. */
export type ClassPart = "train" | "choose" | "score";

/** All parts, in order of their positions. */
export const CLASS_PARTS: readonly ClassPart[] = ["train", "choose", "score"];

/** The most that can be held out. */
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

/** Place of a class in [0, 1). */
export function positionOf(index: number): number {
  return hashOf(`class ${index}`) / 2 ** 32;
}

/**
 * The part that a class falls into.
 *
 * @param share Share of the classes that is held out, 0 to 0.9: half of it to choose by, half of it to score on.
 * @throws {RangeError} When the share is not one.
 */
export function partOf(index: number, share: number): ClassPart {
  checkShare(share);
  const position = positionOf(index);
  // Twelve decimals: 1 - 0.9 is to be 0.1.
  const [choose, score] = [1 - share, 1 - share / 2].map((bound) => Number(bound.toFixed(12)));
  return position < choose! ? "train" : position < score! ? "choose" : "score";
}

/**
 * Which classes may be targets of training.
 *
 * @param classes How many there are.
 * @param share Share of them that is held out, 0 to 0.9.
 * @returns [classes]: 1 where a class is of part "train".
 * @throws {RangeError} When the share is not one.
 */
export function allowedTargets(classes: number, share: number): Uint8Array {
  return Uint8Array.from({ length: classes }, (_, index) => partOf(index, share) === "train" ? 1 : 0);
}

/** An image and the class that the classifier sees in it. */
export interface ClassifiedPicture {
  /** Its path, or what else it is called. */
  readonly name: string;
  readonly class: number;
}

/**
 * Images so that any beginning of them is spread over the classes: each class's first, then each class's second, and
 * so on. The order comes from names (folder and file), so it does not depend on how the images were listed.
 */
export function spreadOverClasses<T extends ClassifiedPicture>(
  pictures: readonly T[],
): (T & { readonly rank: number })[] {
  const seen = new Map<number, number>();
  return pictures
    .map((picture) => ({ ...picture, place: hashOf(shortName(picture.name)) }))
    .sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map((picture) => {
      const rank = seen.get(picture.class) ?? 0;
      seen.set(picture.class, rank + 1);
      return { ...picture, rank };
    })
    .sort((a, b) => a.rank - b.rank || a.place - b.place);
}

/** Folder and file: the images may have moved as a whole. */
export function shortName(name: string): string {
  return name.split(/[/\\]/).slice(-2).join("/");
}
