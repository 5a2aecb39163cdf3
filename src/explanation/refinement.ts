/**
 * What refining did to a map, as plain data: explanations, documents and workers pass it on.
 *
 * @module
 */

/** How the steps find their direction: by the classifier's gradient, or by trying opposite changes. */
export type RefineWay = "gradient" | "gradient-free";

/** What refining did. */
export interface Refinement {
  /** How the steps found their direction. */
  readonly way: RefineWay;
  /** Why there are no gradients; only of the gradient-free way. */
  readonly why?: string;
  /** Steps done; fewer than asked for if it was stopped. */
  readonly steps: number;
  /** Images passed through the classifier; a backward pass counts as two. */
  readonly passes: number;
  /** Loss of the head's own map, and of the map that was kept. */
  readonly loss: { readonly before: number; readonly after: number };
  /** Whether it was stopped before its last step. */
  readonly stopped: boolean;
}

/** Where a run is. */
export interface RefineProgress {
  /** Steps done; step 0 is the head's own map. */
  readonly step: number;
  /** Steps asked for. */
  readonly steps: number;
  /** Loss of this step's map. */
  readonly loss: number;
  /** Lowest loss so far. */
  readonly best: number;
}
