/**
 * Deno's permissions, asked for without a question to the user: using what is not granted would put one.
 *
 * @module
 */

/** Whether Deno grants a permission now. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/** A variable of the environment; undefined if it is not set, or empty, or may not be read. */
export function optionalVariable(name: string): string | undefined {
  return isGranted({ name: "env", variable: name }) ? Deno.env.get(name) || undefined : undefined;
}
