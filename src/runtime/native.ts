/**
 * Where onnxruntime-node lies. It is an optional package: taken by itself only where it is there already, because in Deno
 * importing it would download 200 MB.
 *
 * @module
 */
import { builtinModule, hasBuiltinModules } from "../platform/builtin.ts";
import { isGranted, optionalVariable } from "../platform/permissions.ts";

/** The package of the native runtime. */
export const NATIVE_PACKAGE = "onnxruntime-node";

/** What is used of node:fs. */
interface FileSystem {
  existsSync(path: string): boolean;
  readdirSync(path: string): string[];
}

/** Deno's folder of downloaded packages; undefined where nothing names it. */
function denoFolder(): string | undefined {
  const own = optionalVariable("DENO_DIR");
  if (own !== undefined) return own;
  const { os } = Deno.build;
  const under = (folder: string | undefined, rest: string) =>
    folder === undefined ? undefined : folder + rest;
  if (os === "windows") return under(optionalVariable("LOCALAPPDATA"), "\\deno");
  if (os === "darwin") return under(optionalVariable("HOME"), "/Library/Caches/deno");
  return under(optionalVariable("XDG_CACHE_HOME"), "/deno") ??
    under(optionalVariable("HOME"), "/.cache/deno");
}

/** Whether a version of the package is in Deno's folder, of whatever registry, or in node_modules. */
function isDownloaded(version: string): boolean {
  const { existsSync, readdirSync } = builtinModule("node:fs") as FileSystem;
  const readable = (path: string) => isGranted({ name: "read", path }) && existsSync(path);
  // With a package.json, Deno takes packages from the folder that npm filled.
  if (
    readable("package.json") && readable("node_modules") &&
    existsSync(`node_modules/${NATIVE_PACKAGE}/package.json`)
  ) return true;
  const folder = denoFolder();
  return folder !== undefined && readable(`${folder}/npm`) &&
    readdirSync(`${folder}/npm`).some((registry) =>
      existsSync(`${folder}/npm/${registry}/${NATIVE_PACKAGE}/${version}/package.json`)
    );
}

/**
 * Why the native runtime is not tried by itself here; undefined if it may load. Nothing is downloaded, and the user is asked
 * nothing.
 *
 * @param version Of the package.
 */
export function nativeAbsence(version: string): string | undefined {
  if (!hasBuiltinModules()) return "a page has no native runtime";
  // Node and Bun look for the package when it is imported.
  if (!("Deno" in globalThis)) return undefined;
  if (!isGranted({ name: "ffi" })) return "Deno may not load native code (--allow-ffi)";
  if (isDownloaded(version)) return undefined;
  return `${NATIVE_PACKAGE} ${version} is not downloaded (--device native does it once)`;
}
