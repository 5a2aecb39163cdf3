/**
 * Joins the lines of several files: every image once, in one order.
 *
 * @module
 */
import { printable } from "../terminal.ts";

/** Lines by file. */
export interface LinesOfFile<T> {
  /** Path of the file, for messages. */
  readonly path: string;
  readonly lines: readonly T[];
  /** Whether it is a former join of the others: then it counts only for what no other has. */
  readonly former?: boolean;
}

/** The joined lines. */
export interface Joined<T> {
  /** One for each image. */
  readonly lines: readonly T[];
  /** Images with a line in several files, which agree. */
  readonly doubled: readonly string[];
  /** Images without a line; undefined if the images are not known. */
  readonly missing: readonly string[] | undefined;
  /** Images with a line that are not among the expected ones. */
  readonly unexpected: readonly string[];
}

/** What joining needs to know of its lines. */
export interface LineRules<T extends { readonly image: string }> {
  /** Whether a line says only that its image failed: any other line of the image goes before it. */
  readonly isFailure: (line: T) => boolean;
  /** The line without what two runs of the same image do not share. */
  readonly compared: (line: T) => unknown;
}

/**
 * Joins lines. In a file, the last line of an image counts, and a result before a failure; of several files, the first.
 *
 * @param expected The images of the run, in order; unknown if undefined: then the order is that of a folder's listing.
 * @throws {Error} When two files have different results of one image.
 */
export function joinLines<T extends { readonly image: string }>(
  files: readonly LinesOfFile<T>[],
  expected: readonly string[] | undefined,
  { isFailure, compared }: LineRules<T>,
): Joined<T> {
  const found = new Map<string, { readonly line: T; readonly path: string }>();
  const doubled = new Set<string>();
  for (const { path, lines, former = false } of files) {
    const own = new Map<string, T>();
    for (const line of lines) {
      const before = own.get(line.image);
      if (before === undefined || isFailure(before) || !isFailure(line)) own.set(line.image, line);
    }
    for (const [image, line] of own) {
      const before = found.get(image);
      if (before === undefined || isFailure(before.line)) {
        found.set(image, { line, path });
      } else if (!isFailure(line) && !former) {
        doubled.add(image);
        if (JSON.stringify(compared(before.line)) === JSON.stringify(compared(line))) continue;
        throw new Error(
          `Cannot merge: ${printable(before.path)} and ${printable(path)} have different results of ` +
            `${printable(image)}; remove the one that is wrong`,
        );
      }
    }
  }
  const known = new Set(expected);
  const order = expected ?? [];
  const unexpected = [...found.keys()].filter((image) => !known.has(image)).sort(compareListed);
  return {
    lines: [...order, ...unexpected].flatMap((image) => found.get(image)?.line ?? []),
    doubled: [...doubled],
    missing: expected?.filter((image) => !found.has(image)),
    unexpected: expected === undefined ? [] : unexpected,
  };
}

/** The order in which a folder's images are listed: by the names of files and folders on each level. */
export function compareListed(a: string, b: string): number {
  const [first, second] = [a.split("/"), b.split("/")];
  const at = first.findIndex((name, i) => name !== second[i]);
  if (at < 0) return first.length - second.length;
  const [x, y] = [first[at]!, second[at] ?? ""];
  return x < y ? -1 : 1;
}
