/**
 * Resolves the class that a caller names: by index, by label, or by either with a prefix (`index:3`, `label:crane`).
 *
 * @module
 */
import { shortened } from "../text/foreign_text.ts";
import { nearestName } from "../text/nearest.ts";

/**
 * A class named by its index, or by its label: exact, else without regard to case, else by one of the names between
 * its commas. `index:3` and `label:3` say which is meant.
 */
export type Target = number | string;

/** A name that means several classes; its message lists names that mean one. */
export class AmbiguousClassError extends RangeError {
  /** The name that tells it from other errors. */
  override name = "AmbiguousClassError";
}

/** Number of labels that an error suggests. */
const MOST_SUGGESTED = 4;

/**
 * The index of the class that a caller names.
 *
 * @throws {AmbiguousClassError} When several classes have this name, or one has it as label and another as index.
 * @throws {RangeError} When no class has this index or name; near names are suggested.
 */
export function resolveTarget(target: Target, labels: readonly string[]): number {
  if (typeof target === "number") return indexNamed(target, labels);
  const [, kind, rest] = /^(index|label):(.+)$/s.exec(target.trim()) ?? [];
  const exact = labelled(target, labels);
  if (kind !== undefined && exact.length === 0) {
    return kind === "index" ? indexNamed(rest!, labels) : labelNamed(rest!, labels);
  }
  if (!/^\d+$/.test(target)) return labelNamed(target, labels);
  // A label that is a number, such as a year or a digit.
  if (exact.length === 0) return indexNamed(target, labels);
  const index = Number(target);
  if (exact.length > 1 || (index < labels.length && exact[0] !== index)) {
    throw ambiguous(target, [...new Set([...index < labels.length ? [index] : [], ...exact])], labels);
  }
  return exact[0]!;
}

function indexNamed(index: number | string, labels: readonly string[]): number {
  const found = typeof index === "number" || /^\d+$/.test(index) ? Number(index) : NaN;
  if (Number.isInteger(found) && found >= 0 && found < labels.length) return found;
  throw new RangeError(`Unknown class ${index}: classes are numbered 0 to ${labels.length - 1}`);
}

/** Labels are compared in one spelling of accents. */
const plain = (text: string) => text.trim().normalize("NFC");
const folded = (text: string) => plain(text).toLowerCase();

/** Indices of the labels that are exactly this text. */
function labelled(text: string, labels: readonly string[]): number[] {
  const wanted = plain(text);
  return labels.flatMap((label, index) => plain(label) === wanted ? [index] : []);
}

function labelNamed(text: string, labels: readonly string[]): number {
  const wanted = folded(text);
  const ways: ((label: string) => boolean)[] = [
    (label) => plain(label) === plain(text),
    (label) => folded(label) === wanted,
    (label) => folded(label.split(",")[0]!) === wanted,
    (label) => label.split(",").some((name) => folded(name) === wanted),
  ];
  for (const matches of ways) {
    const found = labels.flatMap((label, index) => matches(label) ? [index] : []);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) throw ambiguous(text, found, labels);
  }
  const near = nearLabels(text, labels);
  const proposed = near.length === 0 ? "" : `: did you mean ${near.map(shortened).join(", ")}?`;
  throw new RangeError(`Unknown class ${JSON.stringify(text)}${proposed}`);
}

function ambiguous(
  text: string,
  indices: readonly number[],
  labels: readonly string[],
): AmbiguousClassError {
  const some = indices.slice(0, MOST_SUGGESTED).map((index) =>
    `index:${index} (${shortened(labels[index]!)})`
  );
  const more = indices.length > some.length ? `, or ${indices.length - some.length} more` : "";
  return new AmbiguousClassError(
    `Class ${JSON.stringify(text)} means several classes: choose ${some.join(", ")}${more}`,
  );
}

/** The labels that contain all words of a text, the shortest first; else the label that is spelled most like it. */
function nearLabels(text: string, labels: readonly string[]): string[] {
  const words = (of: string) => folded(of).split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const wanted = words(text);
  const containing = wanted.length === 0 ? [] : labels.filter((label) => {
    const present = new Set(words(label));
    return wanted.every((word) => present.has(word));
  });
  if (containing.length > 0) {
    return [...new Set(containing)].sort((a, b) => a.length - b.length).slice(0, MOST_SUGGESTED);
  }
  // Part of a word is not a near name: "cat" is not "oystercatcher".
  const near = nearestName(text, labels, { contained: false });
  return near === undefined ? [] : [near];
}
