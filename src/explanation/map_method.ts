/**
 * The interface of a method for measures and evaluations.
 *
 * @module
 */
import type { PreparedImage } from "../classifier/prepared_image.ts";
import type { MaskMap } from "./blank_map.ts";

/**
 * An explanation method for evaluations: gives the map of one class.
 *
 * @param image The prepared image, not normalised.
 * @param target The class to explain.
 * @returns Values in [0, 1], any resolution; `blank` says why a map shows nothing, which measures then leave out.
 */
export type MapMethod = (image: PreparedImage, target: number, signal?: AbortSignal) => Promise<MaskMap>;
