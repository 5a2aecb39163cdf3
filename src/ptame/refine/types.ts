/**
 * What refining takes and gives, without its code, which is loaded when a map is refined.
 *
 * @module
 */
import type { Target } from "../../classifier/target.ts";
import type { TargetMap } from "../../explanation/map_explanation.ts";
import type { Refinement, RefineProgress } from "../../explanation/refinement.ts";

/** Default number of steps. */
export const REFINE_STEPS = 20;

/** Maximum number of steps. */
export const MOST_STEPS = 100_000;

/** How to refine a map. */
export interface RefineRunOptions {
  /** Number of steps; 20 by default. */
  readonly steps?: number;
  /** Seed of the small changes of the images and shares; 0 by default. See refine.ts. */
  readonly seed?: number;
  /** Stops the steps; the best map so far is kept. */
  readonly signal?: AbortSignal;
  /** Called after each step. */
  readonly onProgress?: (progress: RefineProgress) => void;
}

/** Which map to refine, and how. */
export interface RefineOptions extends RefineRunOptions {
  /** The class whose map is refined; by default the explanation's first. */
  readonly target?: Target;
}

/** A row that was refined for one image. */
export interface RefinedRow {
  /** Fuser weights, Σ C_l long. */
  readonly row: Float32Array;
  /** What refining did. */
  readonly refinement: Refinement;
}

/** A map that was refined for one image. */
export interface RefinedMap extends TargetMap {
  /** What refining did. */
  readonly refinement: Refinement;
}
