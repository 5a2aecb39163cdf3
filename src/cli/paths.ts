/**
 * Paths taken apart as texts, for both kinds of systems: on Windows a backslash separates as a slash does, and a drive is
 * a folder of its own; elsewhere both are characters of a name.
 *
 * @module
 */
import { isAddress } from "../image/source.ts";
import { isObjectAddress } from "../objects/address.ts";

/** Functions over the paths of a system. */
export interface Paths {
  /** A path without slashes at its end; a root stays. */
  withoutEndSlash(path: string): string;
  /** The folder of a path. */
  parentFolder(path: string): string;
  /** A file in the folder of `path`. */
  siblingPath(path: string, name: string): string;
  /** The last part of a path or address; an address loses its query and fragment, which a path does not have. */
  fileName(path: string): string;
  /** The file name of a path, without its extension. */
  fileStem(path: string): string;
  /** The path of something in a folder, from there; `undefined` if it lies elsewhere. Both paths are free of links. */
  pathInFolder(path: string, folder: string): string | undefined;
  /** A path below a page as the end of its address. */
  addressPath(path: string): string;
}

/** The functions for Windows, or for all other systems. */
export function createPaths(windows: boolean): Paths {
  const separator = windows ? /[/\\]/ : /\//;
  /** What no path loses: a slash, `C:` or `C:\`. */
  const root = (path: string) => (windows ? /^([a-z]:)?[/\\]?/i : /^\/?/).exec(path)![0].length;

  const withoutEndSlash = (path: string) => {
    let end = path.length;
    while (end > Math.max(root(path), 1) && separator.test(path[end - 1]!)) end--;
    return path.slice(0, end);
  };
  const siblingPath = (path: string, name: string) => {
    const last = path.slice(root(path)).split(separator).at(-1)!;
    return path.slice(0, path.length - last.length) + name;
  };
  const fileName = (path: string) => {
    const bare = isAddress(path) && !isObjectAddress(path)
      ? path.replace(/[?#].*$/, "")
      : path.slice(root(path));
    return bare.split(separator).filter((part) => part !== "").at(-1) ?? "image";
  };
  return {
    withoutEndSlash,
    siblingPath,
    fileName,
    parentFolder: (path) => {
      const before = siblingPath(path, "");
      return before === "" ? "." : withoutEndSlash(before);
    },
    fileStem: (path) => {
      const name = fileName(path);
      return name.replace(/\.[^.]+$/s, "") || name;
    },
    pathInFolder: (path, folder) => {
      // Windows knows one name in two cases.
      const same = windows
        ? path.slice(0, folder.length).toLowerCase() === folder.toLowerCase()
        : path.startsWith(folder);
      if (!same) return undefined;
      const ended = folder !== "" && separator.test(folder.at(-1)!);
      if (!ended && !separator.test(path[folder.length] ?? "")) return undefined;
      return path.slice(folder.length + (ended ? 0 : 1));
    },
    addressPath: (path) => path.split(separator).map(encodeURIComponent).join("/"),
  };
}

/** The functions for this system. */
export const { withoutEndSlash, parentFolder, siblingPath, fileName, fileStem, pathInFolder, addressPath }:
  Paths = createPaths(Deno.build.os === "windows");
