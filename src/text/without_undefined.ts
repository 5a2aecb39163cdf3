/**
 * Removes undefined options, because `exactOptionalPropertyTypes` distinguishes undefined from absent.
 *
 * @module
 */

/** Properties of T, of which those that could be undefined may be absent instead. */
export type WithoutUndefined<T> =
  & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/**
 * The same properties in the same order, without the undefined ones.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withoutUndefined } from "./without_undefined.ts";
 *
 * assertEquals(Object.keys(withoutUndefined({ size: undefined, seed: 0 })), ["seed"]);
 * ```
 */
export function withoutUndefined<T extends object>(properties: T): WithoutUndefined<T> {
  const kept = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as WithoutUndefined<T>;
}
