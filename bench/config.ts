/**
 * The configuration that programs started by a benchmark run with: this program's own.
 *
 * @module
 */

/** Path of deno.json, or of its copy with stand-ins where JSR does not answer. */
export function configPath(): string {
  const local = import.meta.resolve("@std/cli/parse-args").startsWith("file:");
  const url = new URL(local ? "../deno.local.json" : "../deno.json", import.meta.url);
  return decodeURIComponent(url.pathname);
}
