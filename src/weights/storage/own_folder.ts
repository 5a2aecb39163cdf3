/**
 * The cache folder of this user on this machine.
 *
 * @module
 */
import { cacheFolder } from "./folder.ts";

/**
 * The folder; see {@linkcode cacheFolder} for the rule.
 *
 * @throws {Error} When the environment lacks it or must not be read.
 */
export function ownFolder(): string {
  try {
    return cacheFolder({ os: Deno.build.os, variable: (name) => Deno.env.get(name) });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new Error("Cannot find the cache folder: name it, or run with --allow-env", { cause });
  }
}
