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

/** Default number of coalitions of superpixels that LIME and KernelSHAP ask. */
export const COALITIONS = 1000;

/** About how many superpixels LIME and KernelSHAP make. */
export const SUPERPIXELS = 50;

/** Default number of masks of HSIC. */
export const HSIC_MASKS = 500;

/** Default number of pairs of masks of Sobol for each cell. */
export const SOBOL_DESIGNS = 32;

/** Cells of Sobol along a side. */
export const SOBOL_CELLS = 8;
