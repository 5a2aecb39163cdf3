/**
 * How often methods of many passes ask the classifier unless they are told otherwise. The numbers stand apart from the
 * methods' code, because lists show them without loading it.
 *
 * @module
 */

/** Points of the integral by default. */
export const INTEGRATION_STEPS = 50;

/** Noisy copies by default. */
export const SMOOTH_SAMPLES = 50;

/** Places of the square along a side by default. */
export const OCCLUSION_PLACES = 13;

/** RISE's masks by default. */
export const RISE_MASKS = 4000;
