/**
 * Variables of the environment that a program may be forbidden to read.
 *
 * @module
 */

/** A variable; undefined if it is not set, or empty, or may not be read. */
export function optionalVariable(name: string): string | undefined {
  // Query the permission first: reading without it would prompt.
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  return Deno.env.get(name) || undefined;
}
