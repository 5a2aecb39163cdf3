/**
 * The folder for downloaded weights: the platform's cache folder.
 *
 * Pure; the caller passes the environment.
 *
 * @module
 */

/** The needed facts about the machine. */
export interface Environment {
  /** The system, as `Deno.build.os` names it. */
  readonly os: string;
  /** An environment variable, `undefined` if it is not set. */
  variable(name: string): string | undefined;
}

/**
 * The cache folder: `PTAME_CACHE` if set, else `ptame` in `XDG_CACHE_HOME`, `~/Library/Caches` or `LOCALAPPDATA`.
 *
 * @throws {Error} When no variable contains the user's folder.
 */
export function cacheFolder({ os, variable }: Environment): string {
  const given = (name: string) => variable(name) || undefined;
  const own = given("PTAME_CACHE");
  if (own !== undefined) return own;
  const home = given("HOME");
  if (os === "windows") {
    const local = given("LOCALAPPDATA") ?? under(given("USERPROFILE"), "\\AppData\\Local");
    if (local !== undefined) return `${local}\\ptame\\Cache`;
  } else if (os === "darwin") {
    if (home !== undefined) return `${home}/Library/Caches/ptame`;
  } else {
    // By the specification, programs must ignore a relative path.
    const xdg = given("XDG_CACHE_HOME");
    if (xdg?.startsWith("/")) return `${xdg}/ptame`;
    if (home !== undefined) return `${home}/.cache/ptame`;
  }
  const missing = os === "windows" ? "LOCALAPPDATA" : "HOME";
  throw new Error(`Cannot find the cache folder: ${missing} is not set; set PTAME_CACHE to a folder`);
}

function under(folder: string | undefined, rest: string): string | undefined {
  return folder === undefined ? undefined : folder + rest;
}
