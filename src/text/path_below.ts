/**
 * Paths as a folder's own names for what is in it.
 *
 * @module
 */

/** A path below a folder without that folder; other paths unchanged. */
export function pathBelow(path: string, folder: string): string {
  const root = folder.replace(/[/\\]+$/, "") + "/";
  return path.startsWith(root) ? path.slice(root.length) : path;
}
