/**
 * Default numbers of passes of methods that need many. They are separate from the methods' code, so that lists can show
 * them without loading it.
 *
 * @module
 */

/** Default number of points of the integral. */
export const INTEGRATION_STEPS = 50;

/** Default number of noisy copies. */
export const SMOOTH_SAMPLES = 50;

/** Default number of positions of the square along a side. */
export const OCCLUSION_PLACES = 13;

/** Default number of RISE's masks. */
export const RISE_MASKS = 4000;

/** Default number of steps of extremal perturbations for each area. */
export const EXTREMAL_STEPS = 100;

/** The areas of extremal perturbations, as shares of the image. */
export const EXTREMAL_AREAS: readonly number[] = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8];
