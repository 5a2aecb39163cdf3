/**
 * Names of a classifier's classes. Only this module knows ImageNet's names.
 *
 * @module
 */
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import type { ClassifierFacts } from "./types.ts";

/** Names for classes that have none. */
export function numberedLabels(classes: number): string[] {
  return Array.from({ length: classes }, (_, index) => `class ${index}`);
}

/**
 * Class names: the given ones, else ImageNet's for 1000 classes, else numbers.
 *
 * @param called Name of the classifier in errors.
 * @param given Names, or the name of a list of models/labels/.
 * @throws {TypeError} When there are more or fewer names than classes.
 */
export function labelsFor(
  called: string,
  classes: number,
  given?: readonly string[] | "imagenet-1k",
): readonly string[] {
  const labels = given === "imagenet-1k"
    ? IMAGENET_1K
    : given ?? (classes === IMAGENET_1K.length ? IMAGENET_1K : numberedLabels(classes));
  if (labels.length !== classes) {
    throw new TypeError(`Cannot explain ${called}: ${labels.length} labels are given for ${classes} classes`);
  }
  return labels;
}

/** Whether these are ImageNet's names. */
export function areImageNets(labels: readonly string[]): boolean {
  return labels === IMAGENET_1K;
}

/** Whether two classifiers have the same classes, compared by name; numbers do not count as names. */
export function sharesClasses(
  { labels }: Pick<ClassifierFacts, "labels">,
  other: Pick<ClassifierFacts, "labels">,
): boolean {
  if (labels.length !== other.labels.length) return false;
  const named = labels.some((label, index) => label !== `class ${index}`);
  return named && (labels === other.labels || labels.every((label, index) => label === other.labels[index]));
}
