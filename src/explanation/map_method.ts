/**
 * A method as measures and evaluations call it.
 *
 * @module
 */
import type { PreparedImage } from "../classifier/prepared_image.ts";
import type { ValueMap } from "../image/types.ts";

/**
 * An explanation method as evaluations call it: the map of one class.
 *
 * @param image As classifiers read it, not normalised.
 * @param target The class to explain.
 * @returns Values in [0, 1], any resolution.
 */
export type MapMethod = (image: PreparedImage, target: number, signal?: AbortSignal) => Promise<ValueMap>;
