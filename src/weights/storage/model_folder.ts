/**
 * Models that were downloaded by their address, in the cache folder: every commit of a model of the Hub in a folder of its
 * own, with the Hub's own paths inside, so that a model finds what belongs to it beside it.
 *
 * @module
 */
import { diskStorage } from "./disk.ts";
import { ownFolder } from "./own_folder.ts";
import { systemReason } from "./system_reason.ts";
import type { ModelOrigin } from "./types.ts";

/**
 * The folder of an origin of models.
 *
 * @param parts Names of nested folders; each becomes one folder, whatever its characters.
 * @param cache The cache folder; by default the platform's.
 */
export function modelFolder(parts: readonly string[], cache: string = ownFolder()): ModelOrigin {
  const path = [cache.replace(/[/\\]+$/, ""), ...parts.map(folderName)].join("/");
  const file = (name: string) => `${path}/${folderName(name)}.json`;
  const storage = (under: string) => diskStorage(under === "" ? path : `${path}/${under}`);
  return {
    place: path,
    path,
    storage,
    discard: async (file) => void await storage("").remove(file),
    recall: async (name) => {
      try {
        return JSON.parse(await Deno.readTextFile(file(name)));
      } catch (cause) {
        if (cause instanceof SyntaxError || cause instanceof Deno.errors.NotFound) return undefined;
        throw new Error(`Cannot read ${file(name)}: ${systemReason(cause)}`, { cause });
      }
    },
    remember: async (name, document) => {
      const partial = `${file(name)}.${crypto.randomUUID()}.partial`;
      try {
        await Deno.mkdir(path, { recursive: true });
        await Deno.writeTextFile(partial, JSON.stringify(document));
        await Deno.rename(partial, file(name));
      } catch (cause) {
        await Deno.remove(partial).catch(() => {});
        throw new Error(`Cannot store ${file(name)}: ${systemReason(cause)}`, { cause });
      }
    },
  };
}

/** A name as one folder on every system. */
function folderName(name: string): string {
  return encodeURIComponent(name).replace(/[*.]+$/, (end) => "_".repeat(end.length)).replaceAll("*", "%2A");
}
